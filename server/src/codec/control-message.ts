import { HalibutError } from '../base/errors.ts'

/** The control lines (spec §3.1). Not to be changed by anyone who writes them. */
export const NEXT: Buffer = Buffer.from('NEXT\r\n', 'latin1')
export const PROCEED: Buffer = Buffer.from('PROCEED\r\n', 'latin1')
export const END: Buffer = Buffer.from('END\r\n', 'latin1')

/** Who stands at the other end, as it says itself (spec §2.1). */
export type Identity =
  | { readonly type: 'client' }
  | { readonly type: 'server' }
  /** `subscription`: the URI as announced, which must be absolute. */
  | { readonly type: 'subscriber'; readonly subscription: string }

const clientBlock = Buffer.from('MX-CLIENT 1.0\r\n\r\n', 'latin1')
const serverBlock = Buffer.from('MX-SERVER 1.0\r\n\r\n', 'latin1')

/** The identity line and the empty line after it, to be written in one go: services before 4.4.9 miss a block that arrives in two. */
export function formatIdentity(identity: Identity): Buffer {
  switch (identity.type) {
    case 'client':
      return clientBlock
    case 'server':
      return serverBlock
    case 'subscriber':
      if (!/^[^\s\p{Cc}]+$/u.test(identity.subscription)) {
        throw new HalibutError(
          'invalid_argument',
          `the subscription '${identity.subscription}' is empty or contains spaces or control characters`,
        )
      }
      return Buffer.from(`MX-SUBSCRIBER 1.0 ${identity.subscription}\r\n\r\n`, 'utf8')
  }
}

/** Reads an identity line, without its CR LF (spec §2.3). Version and surplus words are not looked at. */
export function parseIdentity(line: string): Identity {
  if (line === '') throw protocolError('Unable to receive the remote identity; the identity line was empty.')
  const [word = '', , subscription] = line.split(' ').filter(part => part !== '')
  switch (word) {
    case 'MX-CLIENT':
      return { type: 'client' }
    case 'MX-SERVER':
      return { type: 'server' }
    case 'MX-SUBSCRIBER':
      if (subscription === undefined) {
        throw protocolError(
          'Unable to receive the remote identity; the client identified as a subscriber, but did not supply a subscription ID.',
        )
      }
      if (!/^[a-z][a-z0-9+.-]*:/i.test(subscription) || !URL.canParse(subscription)) {
        throw new HalibutError('protocol_error', 'Invalid URI: The format of the URI could not be determined.', {
          dotnetType: 'System.UriFormatException',
        })
      }
      return { type: 'subscriber', subscription }
    default:
      throw protocolError(`Unable to process remote identity; unknown identity type: '${word}'`)
  }
}

const cr = 0x0d
const lf = 0x0a
const nothing = Buffer.alloc(0)

/**
 * Gathers one line after another, each ended by CR LF (spec §3.1). A lone LF is part of the line, and a CR without LF ends the
 * connection. At most `maxBytes` are kept; a longer line is a `protocol_error`.
 */
export class LineReader {
  readonly #maxBytes: number
  #held: Buffer = nothing

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Whether a part of a line has come. */
  get started(): boolean {
    return this.#held.length > 0
  }

  /** Takes the next bytes. `undefined`: the line goes on. Else the line without its CR LF, and the bytes after it, if any. */
  feed(chunk: Buffer): { line: string; rest: Buffer | undefined } | undefined {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    // A CR held back from before is the last byte held, and looked at again.
    const end = bytes.indexOf(cr, Math.max(0, this.#held.length - 1))
    if (end < 0 || end === bytes.length - 1) {
      this.#held = nothing
      if (bytes.length > this.#maxBytes + 1 || (end < 0 && bytes.length > this.#maxBytes)) throw this.#tooLong()
      this.#held = Buffer.from(bytes)
      return undefined
    }
    this.#held = nothing
    const after = bytes[end + 1] as number
    if (after !== lf) {
      throw new HalibutError('protocol_error', `Unexpected byte after '\r' in control message: 0x${after.toString(16).toUpperCase()}`, {
        dotnetType: 'System.Exception',
      })
    }
    if (end > this.#maxBytes) throw this.#tooLong()
    return { line: bytes.toString('utf8', 0, end), rest: end + 2 < bytes.length ? bytes.subarray(end + 2) : undefined }
  }

  #tooLong(): HalibutError {
    return protocolError(`A control line is longer than ${this.#maxBytes} bytes.`)
  }
}

/** The acceptor’s first block: only how it begins counts (spec §1.6), so nothing else of it is kept. */
export interface Preamble {
  /** Its first two characters; fewer where the input ended. */
  readonly head: string
  /** The bytes after it, if any. */
  readonly rest: Buffer | undefined
}

/**
 * Reads over the acceptor’s first block (spec §1.6): CR is skipped, and an empty line ends it. So do `maxChars` characters, as for the
 * reference; what comes after them is not touched.
 */
export class PreambleReader {
  readonly #maxChars: number
  #head = ''
  #chars = 0
  #afterBreak = false

  constructor(maxChars: number) {
    this.#maxChars = maxChars
  }

  /** Takes the next bytes. `undefined`: the block goes on. */
  feed(chunk: Buffer): Preamble | undefined {
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] as number
      if (byte === cr) continue
      if (this.#chars++ < 2) this.#head += String.fromCharCode(byte)
      const ends = byte === lf && this.#afterBreak
      this.#afterBreak = byte === lf
      if (ends || this.#chars >= this.#maxChars) return this.finish(chunk.subarray(at + 1))
    }
    return undefined
  }

  /** What has come, at the end of input. */
  finish(rest?: Buffer): Preamble {
    return { head: this.#head, rest: rest !== undefined && rest.length > 0 ? rest : undefined }
  }
}

function protocolError(message: string): HalibutError {
  return new HalibutError('protocol_error', message, { dotnetType: 'Halibut.Transport.Protocol.ProtocolException' })
}
