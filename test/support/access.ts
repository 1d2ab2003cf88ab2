import { Access } from '../../server/src/access/access.ts'

/** The rules of a gateway that has just begun. */
export function createTestAccess(): { readonly access: Access } {
  return { access: new Access() }
}
