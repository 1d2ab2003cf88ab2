/**
 * The header of a binary frame; the rest of the frame is content. Numbers are big-endian.
 *
 * ```text
 *   0        1        2                 4                           8                                                      16
 *   | version| type   | flags           | stream id                 | offset of the first byte in the data stream          |
 * ```
 */
export const frameHeaderBytes = 16
/**
 * Longest frames that their senders make: 64 KiB with the header of WebSocket (RFC 6455, 5.2: 4 bytes, 8 where it is masked), as much as Node
 * reads at a time, so that the receiver has mostly nothing to put together.
 */
export const downloadFrameBytes = 64 * 1024 - 4
export const uploadFrameBytes = 64 * 1024 - 8
/** Version 1, type 1 (data), no flags. */
const dataFrame = 0x0101_0000
/** With the only flag: the sender has more, and too little credit for another whole frame. */
const heldUpFrame = dataFrame + 1

/** Where the content of a frame belongs. */
export interface FrameHeader {
  readonly stream: number
  readonly offset: number
  /** The sender has more, and too little credit for another whole frame. */
  readonly isHeldUp: boolean
}

/** Writes the header of a data frame at the beginning of `frame`. */
export function writeFrameHeader(frame: Uint8Array, stream: number, offset: number, isHeldUp = false): void {
  const view = new DataView(frame.buffer, frame.byteOffset, frameHeaderBytes)
  view.setUint32(0, isHeldUp ? heldUpFrame : dataFrame)
  view.setUint32(4, stream)
  // Takes a number’s whole part, modulo 2^32.
  view.setUint32(8, offset / 2 ** 32)
  view.setUint32(12, offset)
}

/** Reads the header of a frame; `undefined` where it is no data frame of this version, or its bytes would lie beyond 2^53. */
export function readFrameHeader(frame: Uint8Array): FrameHeader | undefined {
  if (frame.byteLength < frameHeaderBytes) return undefined
  const view = new DataView(frame.buffer, frame.byteOffset, frameHeaderBytes)
  const kind = view.getUint32(0)
  const stream = view.getUint32(4)
  const offset = view.getUint32(8) * 2 ** 32 + view.getUint32(12)
  return (kind | 1) === heldUpFrame && stream > 0 && offset + frame.byteLength <= Number.MAX_SAFE_INTEGER
    ? { stream, offset, isHeldUp: kind === heldUpFrame }
    : undefined
}
