import { randomUUID } from 'node:crypto'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deferred } from '../base/deferred.ts'
import { HalibutError } from '../base/errors.ts'
import type { ByteSink } from '../codec/data-stream.ts'
import type { Spool } from '../exchange/exchange-options.ts'

/** A spool’s bounds, in bytes and milliseconds. */
export interface SpoolLimits {
  readonly spoolMemoryBytes: number
  readonly spoolFileBytes: number
  readonly streamUnreadMs: number
}

/**
 * A data stream’s content between a fast peer and a slow reader: first in memory, then in a temporary file. The file is unlinked as soon
 * as it is open, so that neither a crash nor `kill -9` leaves it behind. Nobody reading for `streamUnreadMs` frees it.
 */
export function createStreamSpool(limits: SpoolLimits): Spool {
  const memory: Buffer[] = []
  let memoryBytes = 0
  let file: Promise<FileHandle> | undefined
  let written = 0
  let read = 0
  let ended = false
  let failure: unknown
  let closed = false
  let writing: Promise<void> = Promise.resolve()
  let changed = deferred<void>()

  const idle = setTimeout(() => fail(stalled(`nobody has read it for ${limits.streamUnreadMs / 1_000} s`)), limits.streamUnreadMs)
  idle.unref()

  function notify(): void {
    const waiting = changed
    changed = deferred()
    waiting.resolve()
  }

  function fail(why: unknown): void {
    failure ??= why
    close()
    notify()
  }

  function close(): void {
    if (closed) return
    closed = true
    clearTimeout(idle)
    memory.length = 0
    memoryBytes = 0
    // The last write may still run; the handle goes after it.
    file?.then(handle => writing.catch(() => {}).then(() => handle.close())).catch(() => {})
  }

  async function append(chunk: Buffer): Promise<void> {
    file ??= openUnlinked()
    const handle = await file
    const at = written
    written += chunk.length
    for (let done = 0; done < chunk.length; ) {
      done += (await handle.write(chunk, done, chunk.length - done, at + done)).bytesWritten
    }
    notify()
  }

  return {
    write(chunk) {
      if (closed) {
        if (failure !== undefined) throw failure
        return undefined
      }
      if (file === undefined && memoryBytes + chunk.byteLength <= limits.spoolMemoryBytes) {
        memory.push(Buffer.from(chunk))
        memoryBytes += chunk.byteLength
        notify()
        return undefined
      }
      if (written - read + chunk.byteLength > limits.spoolFileBytes) {
        const why = stalled(`its spool is full (${limits.spoolFileBytes} bytes)`)
        fail(why)
        throw why
      }
      const copy = Buffer.from(chunk)
      writing = writing.then(() => append(copy))
      return writing
    },
    end(why) {
      if (why !== undefined) failure ??= why
      writing.then(
        () => {
          ended = true
          notify()
        },
        error => fail(error),
      )
    },
    async pump(sink: ByteSink) {
      clearTimeout(idle)
      const buffer = Buffer.allocUnsafe(64 * 1024)
      for (;;) {
        const change = changed.promise
        const chunk = memory.shift()
        if (chunk) {
          memoryBytes -= chunk.length
          const wait = sink(chunk)
          if (wait) await wait
        } else if (file && read < written && !closed) {
          await writing
          const handle = await file
          const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, written - read), read)
          read += bytesRead
          const wait = sink(buffer.subarray(0, bytesRead))
          if (wait) await wait
        } else if (failure !== undefined && (ended || closed)) {
          throw failure
        } else if (ended) {
          return
        } else if (closed) {
          throw new HalibutError('stream_failed', 'the data stream was discarded while it was read', { phase: 'stream' })
        } else {
          await change
        }
      }
    },
    close,
  }
}

async function openUnlinked(): Promise<FileHandle> {
  const path = join(tmpdir(), `halibut-${randomUUID()}`)
  const handle = await open(path, 'wx+', 0o600)
  await unlink(path)
  return handle
}

function stalled(why: string): HalibutError {
  return new HalibutError('stream_stalled', `the data stream was given up: ${why}`, { phase: 'stream' })
}
