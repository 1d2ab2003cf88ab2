import { downloadFrameBytes, frameHeaderBytes, writeFrameHeader } from '@halibut-gateway/schemas/wire'

/** Content of a whole frame. */
export const contentBytes = downloadFrameBytes - frameHeaderBytes
const littleBytes = contentBytes / 4

/** Frames that were used and may be used again, so that a long stream does not make garbage; few, since most are in use. */
const spare: Buffer[] = []
const maxSpare = 64

/** A frame of content as it is kept. */
export interface KeptFrame {
  /** Offset of the first byte of content in the data stream. */
  readonly offset: number
  /** Bytes of content. */
  readonly length: number
}

interface Kept extends KeptFrame {
  /** With room for its header in front. */
  readonly bytes: Buffer
  length: number
  /** Times that the socket still holds some of it. */
  leaving: number
  isWanted: boolean
}

/** A frame that is to be sent. */
export interface LeavingFrame {
  readonly bytes: Buffer
  /** It has left, or never will. */
  readonly done: () => void
}

/** The content of a download that the browser has not acknowledged, copied once, behind the headers of its frames. */
export class KeptFrames {
  readonly #kept: Kept[] = []
  #end = 0

  /** Where the content ends in the data stream. */
  get end(): number {
    return this.#end
  }

  /** Takes more of the content. */
  put(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.byteLength; ) {
      const last = this.#withRoom()
      const room = contentBytes - last.length
      const piece = at === 0 && chunk.byteLength <= room ? chunk : chunk.subarray(at, at + room)
      last.bytes.set(piece, frameHeaderBytes + last.length)
      last.length += piece.byteLength
      this.#end += piece.byteLength
      at += piece.byteLength
    }
  }

  /** The frame with the byte at `offset`. Of those that are asked for most are near the end. */
  at(offset: number): KeptFrame {
    return this.#at(offset)
  }

  /** The bytes from `from` to `to`, all of one frame, as a frame of the data stream `stream`. */
  leave(stream: number, from: number, to: number, isHeldUp: boolean): LeavingFrame {
    const kept = this.#at(from)
    const [begin, end] = [from - kept.offset, to - kept.offset + frameHeaderBytes]
    let bytes: Buffer
    if (begin === 0 && kept.leaving === 0) bytes = kept.bytes.subarray(0, end)
    else {
      // A header must stand right before its content, where other content may still be on its way: a copy.
      bytes = Buffer.allocUnsafeSlow(end - begin)
      bytes.set(kept.bytes.subarray(frameHeaderBytes + begin, end), frameHeaderBytes)
    }
    writeFrameHeader(bytes, stream, from, isHeldUp)
    kept.leaving++
    return {
      bytes,
      done: () => {
        kept.leaving--
        recycle(kept)
      },
    }
  }

  /** The bytes before `offset` need not be kept. */
  drop(offset: number): void {
    for (let first = this.#kept[0]; first && first.offset + first.length <= offset; first = this.#kept[0]) {
      this.#kept.shift()
      first.isWanted = false
      recycle(first)
    }
  }

  #withRoom(): Kept {
    const last = this.#kept.at(-1)
    // A frame that is on its way may still be filled behind what was sent, at the price of a copy: worth it only where it holds little.
    if (last && last.length < contentBytes && (last.leaving === 0 || last.length < littleBytes)) return last
    const bytes = spare.pop() ?? Buffer.allocUnsafeSlow(downloadFrameBytes)
    const added: Kept = { offset: this.#end, bytes, length: 0, leaving: 0, isWanted: true }
    this.#kept.push(added)
    return added
  }

  #at(offset: number): Kept {
    const kept = this.#kept.findLast(each => each.offset <= offset)
    if (!kept) throw new RangeError(`the content at ${offset} is not kept`)
    return kept
  }
}

function recycle(kept: Kept): void {
  if (!kept.isWanted && kept.leaving === 0 && spare.length < maxSpare) spare.push(kept.bytes)
}
