import type { ByteChannel } from '../base/byte-channel.ts'
import { endOfInput } from '../base/end-of-input.ts'

/** Exactly `length` bytes, or `connection_lost` at the end of input. For small lengths: the bytes are gathered in memory. */
export async function readExactly(channel: ByteChannel, length: number): Promise<Buffer> {
  let gathered: Buffer | undefined
  for (;;) {
    const chunk = await channel.read()
    if (chunk === undefined) throw endOfInput()
    const bytes: Buffer = gathered === undefined ? chunk : Buffer.concat([gathered, chunk])
    if (bytes.length >= length) {
      if (bytes.length > length) channel.unread(bytes.subarray(length))
      return bytes.subarray(0, length)
    }
    gathered = bytes
  }
}
