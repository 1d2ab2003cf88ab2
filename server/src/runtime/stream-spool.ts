import { deferred } from '../base/deferred.ts'
import { HalibutError } from '../base/errors.ts'
import type { MemoryShare } from '../base/memory-budget.ts'
import { messageOf } from '../base/message-of.ts'
import { timerMs } from '../base/timer.ts'
import type { ByteSink } from '../codec/data-stream.ts'
import type { Spool } from '../exchange/exchange-options.ts'
import { SpoolFile } from './spool-file.ts'

/** A spool’s bounds, in bytes and milliseconds. */
export interface SpoolLimits {
  readonly spoolMemoryBytes: number
  readonly spoolFileBytes: number
  readonly streamUnreadMs: number
}

/** Bytes in memory, the first `written` of them. */
interface Block {
  readonly bytes: Buffer
  written: number
}

/** Small chunks share blocks of this size, so that a peer that sends single bytes does not make us keep an object for each. */
const blockBytes = 4_096
const readBytes = 64 * 1024
const writeBytes = 64 * 1024

/**
 * A data stream’s content between a fast peer and a slow reader: first in memory, then in a temporary file. It frees itself when it has
 * been read, when it is full, and when nobody takes anything for `streamUnreadMs`. `memory`, where given, is what several spools may keep
 * in memory together; what exceeds it goes to the files. `disk`, where given, is what the files of several may take; what exceeds that ends
 * the data stream, with the error that `disk` throws.
 */
export function createStreamSpool(limits: SpoolLimits, memory?: MemoryShare, disk?: MemoryShare): Spool {
  // Order: what is in the file is younger than what is in memory, which takes bytes only while the file is empty.
  const blocks: Block[] = []
  let memoryBytes = 0
  let forWriting: Buffer | undefined
  let file: SpoolFile | undefined
  let ended = false
  let endedWhy: unknown
  let broken: unknown
  let closed = false
  let released = false
  let readerWaits = false
  let rejectReader: ((why: unknown) => void) | undefined
  let changed = deferred<void>()

  const idle = setTimeout(nobodyReads, timerMs(limits.streamUnreadMs))
  idle.unref()

  function nobodyReads(): void {
    if (readerWaits) idle.refresh()
    else breakOff(stalled(`nobody has read it for ${limits.streamUnreadMs / 1_000} s (streamUnreadMs)`))
  }

  function notify(): void {
    const waiting = changed
    changed = deferred()
    waiting.resolve()
  }

  function breakOff(why: unknown): void {
    broken ??= why
    close()
  }

  function release(): void {
    released = true
    clearTimeout(idle)
    blocks.length = 0
    forWriting = undefined
    memory?.release(memoryBytes)
    memoryBytes = 0
    file?.close()
    file = undefined
  }

  function close(): void {
    if (closed) return
    closed = true
    release()
    rejectReader?.(broken ?? discarded())
    notify()
  }

  /** Says no where memory has no room, or where older bytes lie in the file. */
  function keepInMemory(chunk: Uint8Array): boolean {
    if ((file?.unread ?? 0) > 0 || memoryBytes + chunk.byteLength > limits.spoolMemoryBytes) return false
    try {
      memory?.reserve(chunk.byteLength)
    } catch {
      return false
    }
    memoryBytes += chunk.byteLength
    const last = blocks.at(-1)
    const fits = last ? Math.min(chunk.byteLength, last.bytes.length - last.written) : 0
    if (last && fits > 0) {
      last.bytes.set(chunk.subarray(0, fits), last.written)
      last.written += fits
    }
    const rest = chunk.byteLength - fits
    if (rest > 0) {
      const bytes = Buffer.allocUnsafeSlow(Math.max(rest, blockBytes))
      bytes.set(chunk.subarray(fits))
      blocks.push({ bytes, written: rest })
    }
    notify()
    return true
  }

  function makeRoom(inFile: SpoolFile, bytes: number): void {
    try {
      if (!inFile.hasRoomFor(bytes)) throw stalled(`its spool is full (spoolFileBytes, ${limits.spoolFileBytes} bytes)`)
      inFile.reserve(bytes)
    } catch (why) {
      breakOff(why)
      throw why
    }
  }

  async function keepInFile(to: SpoolFile, chunk: Uint8Array): Promise<void> {
    // Who writes waits, as a rule: then one buffer serves for all chunks, and none of them becomes garbage.
    const copy =
      chunk.byteLength <= writeBytes ? (forWriting ?? Buffer.allocUnsafeSlow(writeBytes)).subarray(0, chunk.byteLength) : undefined
    forWriting = undefined
    copy?.set(chunk)
    try {
      await to.write(copy ?? Buffer.from(chunk))
    } catch (why) {
      if (closed) return
      const failure = fileFailed(why)
      breakOff(failure)
      throw failure
    }
    if (copy) forWriting = Buffer.from(copy.buffer, copy.byteOffset, writeBytes)
    notify()
  }

  async function readFile(from: SpoolFile, into: Buffer): Promise<number> {
    try {
      return await from.read(into)
    } catch (why) {
      throw broken ?? (closed ? discarded() : fileFailed(why))
    }
  }

  async function drain(sink: ByteSink): Promise<void> {
    let fromFile: Buffer | undefined
    for (;;) {
      const change = changed.promise
      if (closed) throw broken ?? discarded()
      let taken: Promise<void> | undefined
      const block = blocks.shift()
      if (block) {
        memoryBytes -= block.written
        memory?.release(block.written)
        taken = sink(block.bytes.subarray(0, block.written))
      } else if (file && file.readable > 0) {
        fromFile ??= Buffer.allocUnsafeSlow(readBytes)
        const length = await readFile(file, fromFile)
        if (closed) throw broken ?? discarded()
        taken = sink(fromFile.subarray(0, length))
      } else if (ended && (file?.unread ?? 0) === 0) {
        if (endedWhy !== undefined) throw endedWhy
        return
      } else {
        readerWaits = true
        await change
        readerWaits = false
        continue
      }
      if (taken !== undefined) await taken
      if (!released) idle.refresh()
    }
  }

  return {
    write(chunk) {
      if (broken) throw broken
      if (closed || chunk.byteLength === 0) return undefined
      if (keepInMemory(chunk)) return undefined
      file ??= new SpoolFile(limits.spoolFileBytes, disk)
      makeRoom(file, chunk.byteLength)
      return keepInFile(file, chunk)
    },
    end(why) {
      if (closed || ended) return
      ended = true
      endedWhy = why
      if (memoryBytes === 0 && (file?.unread ?? 0) === 0) release()
      notify()
    },
    pump(sink) {
      return new Promise<void>((resolve, reject) => {
        rejectReader = reject
        if (!released) idle.refresh()
        drain(sink).then(resolve, reject).finally(close)
      })
    },
    close,
  }
}

function stalled(why: string): HalibutError {
  return new HalibutError('stream_stalled', `the data stream was given up: ${why}`, { phase: 'stream' })
}

function discarded(): HalibutError {
  return new HalibutError('stream_failed', 'the data stream was discarded while it was read', { phase: 'stream' })
}

function fileFailed(why: unknown): HalibutError {
  const reason = messageOf(why)
  return new HalibutError('stream_failed', `the data stream’s temporary file failed: ${reason}`, {
    phase: 'stream',
    advice: 'check that the folder for temporary files exists, is writable and has room',
    cause: why,
  })
}
