import type { TLSSocket } from 'node:tls'
import { receiveView } from './tls-channel.ts'

/**
 * One buffer for all sockets of the process: TLS decrypts into it, and its bytes are consumed or copied before the next socket has its
 * turn. A buffer for each read would keep the collector busy under a data stream, one for each socket would cost 64 KiB for each idle
 * connection.
 */
export const sharedReadBuffer = Buffer.allocUnsafeSlow(64 * 1024)

/** What of it was filled last; mostly the same, a TLS record. */
let filled = sharedReadBuffer

/** The first `length` bytes of the shared buffer, valid until the next read. */
export function filledPart(length: number): Buffer {
  if (filled.length !== length) filled = sharedReadBuffer.subarray(0, length)
  return filled
}

/** Node calls it on the socket. One function for all of them. */
function onRead(this: TLSSocket, length: number): boolean {
  receiveView(this, filledPart(length))
  return true
}

/**
 * Has the accepted socket of a channel read into the shared buffer, as `onread` does for a dialled one: `tls.Server` takes no such option, but what the
 * option sets stands on every socket, under symbols of these names. False where Node should change inside, or bytes have come already;
 * they then come by `data` events as ever.
 */
export function readIntoSharedBuffer(socket: TLSSocket): boolean {
  const { _handle: handle } = socket as unknown as { _handle?: { useUserBuffer?(buffer: Uint8Array): void } | null }
  const symbols = new Map(Object.getOwnPropertySymbols(socket).map(symbol => [symbol.description, symbol]))
  const [buffer, callback] = [symbols.get('kBuffer'), symbols.get('kBufferCb')]
  if (!buffer || !callback || typeof handle?.useUserBuffer !== 'function' || socket.readableLength > 0) return false
  Object.assign(socket, { [buffer]: sharedReadBuffer, [callback]: onRead })
  handle.useUserBuffer(sharedReadBuffer)
  return true
}
