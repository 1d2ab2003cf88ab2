import { createHash } from 'node:crypto'

/** Another one for each content, and the same for the same, in a form that an entity tag of HTTP can have. */
export function versionOf(content: unknown): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('base64url').slice(0, 16)
}
