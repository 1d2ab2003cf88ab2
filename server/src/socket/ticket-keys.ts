import { randomFillSync } from 'node:crypto'

const ticketKeysBytes = 48
/** Random bytes are taken many at a time: asking for a few is most of what they cost. */
const ticketKeys = Buffer.alloc(ticketKeysBytes * 64)
let ticketKeysUsed = ticketKeys.length

/**
 * Keys of session tickets that nobody has used. A listener takes new ones for each connection, so that no session is ever resumed: the key of each
 * ticket is gone before its owner can come back. Turning tickets off instead makes OpenSSL keep every session, 4 KiB for each connection, and still
 * send the tickets of TLS 1.3.
 */
export function freshTicketKeys(): Buffer {
  if (ticketKeysUsed === ticketKeys.length) {
    randomFillSync(ticketKeys)
    ticketKeysUsed = 0
  }
  ticketKeysUsed += ticketKeysBytes
  return ticketKeys.subarray(ticketKeysUsed - ticketKeysBytes, ticketKeysUsed)
}
