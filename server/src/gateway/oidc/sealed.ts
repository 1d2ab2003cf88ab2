import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

const cipher = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16

/**
 * Gives others something to keep that only this process can read and write: what a browser brings back need not be remembered here, however many
 * begin and do not end.
 */
export class Sealer {
  readonly #key = randomBytes(32)

  /** `use`: what it is for; it opens for nothing else. */
  seal(value: unknown, use: string): string {
    const nonce = randomBytes(nonceBytes)
    const sealing = createCipheriv(cipher, this.#key, nonce).setAAD(Buffer.from(use))
    const sealed = [sealing.update(JSON.stringify(value)), sealing.final()]
    return Buffer.concat([nonce, ...sealed, sealing.getAuthTag()]).toString('base64url')
  }

  /** `undefined` where it is not what {@link seal} gave for this use. */
  open(text: string, use: string): unknown {
    const bytes = Buffer.from(text, 'base64url')
    if (bytes.length < nonceBytes + tagBytes) return undefined
    const opening = createDecipheriv(cipher, this.#key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes })
      .setAAD(Buffer.from(use))
      .setAuthTag(bytes.subarray(-tagBytes))
    try {
      return JSON.parse(Buffer.concat([opening.update(bytes.subarray(nonceBytes, -tagBytes)), opening.final()]).toString())
    } catch {
      return undefined
    }
  }
}
