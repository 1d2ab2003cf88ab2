import { randomBytes } from 'node:crypto'
import { EncryptJWT, type JWTPayload, jwtDecrypt } from 'jose'

const header = { alg: 'dir', enc: 'A256GCM' } as const

/**
 * Gives others something to keep that only this process can read and write: what a browser brings back need not be remembered here, however many
 * begin and do not end.
 */
export class Sealer {
  readonly #key = randomBytes(32)

  /** `use`: what it is for; it opens for nothing else. */
  seal(value: JWTPayload, use: string): Promise<string> {
    return new EncryptJWT(value).setProtectedHeader(header).setAudience(use).encrypt(this.#key)
  }

  /** `undefined` where it is not what {@link seal} gave for this use. */
  async open(text: string, use: string): Promise<JWTPayload | undefined> {
    const options = { audience: use, keyManagementAlgorithms: [header.alg], contentEncryptionAlgorithms: [header.enc] }
    return (await jwtDecrypt(text, this.#key, options).catch(() => undefined))?.payload
  }
}
