import { randomUUID } from 'node:crypto'
import { unlinkSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { MemoryShare } from '../base/memory-budget.ts'

/**
 * A temporary file used as a ring: bytes go in and come out in order, and it never grows beyond its capacity. It has no name: it is
 * unlinked as soon as it is open, so that neither a crash nor `kill -9` leaves it behind. What it takes on disk, which is never given back
 * before its end, counts towards `disk` until then.
 *
 * ```text
 *   0          read % capacity        written % capacity      capacity
 *   ├── free ──────┼──────── unread ────────┼───────── free ─────┤
 * ```
 */
export class SpoolFile {
  readonly #capacity: number
  readonly #disk: MemoryShare | undefined
  /** How long the file is, or will be. */
  #size = 0
  #handle: Promise<FileHandle> | undefined
  #writing: Promise<void> = Promise.resolve()
  // Positions that only grow: bytes that `write` took, those of them on disk, and those that were read again.
  #taken = 0
  #written = 0
  #read = 0
  #closed = false

  constructor(capacity: number, disk?: MemoryShare) {
    this.#capacity = capacity
    this.#disk = disk
  }

  /** Bytes that were given to {@link write} and not read yet. */
  get unread(): number {
    return this.#taken - this.#read
  }

  /** Those of them that can be read now. */
  get readable(): number {
    return this.#written - this.#read
  }

  hasRoomFor(bytes: number): boolean {
    return this.unread + bytes <= this.#capacity
  }

  /** Makes the file as long as that many more bytes need. Throws what `disk` says. */
  reserve(bytes: number): void {
    const size = Math.min(this.#capacity, this.#taken + bytes)
    if (size <= this.#size) return
    this.#disk?.reserve(size - this.#size)
    this.#size = size
  }

  /** Appends bytes for which there is room. They must not change until the promise resolves. */
  write(bytes: Buffer): Promise<void> {
    this.#taken += bytes.length
    this.#writing = this.#writing.then(() => this.#append(bytes))
    return this.#writing
  }

  /** Takes what is readable, at most `into` holds, and gives the number of bytes. */
  async read(into: Buffer): Promise<number> {
    const handle = await this.#open()
    const at = this.#read % this.#capacity
    const length = Math.min(into.length, this.readable, this.#capacity - at)
    const { bytesRead } = await handle.read(into, 0, length, at)
    if (bytesRead === 0 && length > 0) throw new Error('the temporary file is shorter than what was written to it')
    this.#read += bytesRead
    // All read: the file is used from its beginning again, so that it stays short.
    if (this.#read === this.#taken) this.#taken = this.#written = this.#read = 0
    return bytesRead
  }

  /** Frees the file, after the operation that runs. What is read or written later fails. Idempotent. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#disk?.release(this.#size)
    this.#handle?.then(handle => handle.close()).catch(() => {})
  }

  async #append(bytes: Buffer): Promise<void> {
    const handle = await this.#open()
    for (let done = 0; done < bytes.length; ) {
      const at = this.#written % this.#capacity
      const { bytesWritten } = await handle.write(bytes, done, Math.min(bytes.length - done, this.#capacity - at), at)
      done += bytesWritten
      this.#written += bytesWritten
    }
  }

  #open(): Promise<FileHandle> {
    if (this.#closed) return Promise.reject(new Error('the temporary file is closed'))
    this.#handle ??= openUnlinked()
    return this.#handle
  }
}

async function openUnlinked(): Promise<FileHandle> {
  const path = join(tmpdir(), `halibut-${randomUUID()}`)
  const handle = await open(path, 'wx+', 0o600)
  try {
    // Not awaited: nothing may come between the two.
    unlinkSync(path)
  } catch (why) {
    await handle.close()
    throw why
  }
  return handle
}
