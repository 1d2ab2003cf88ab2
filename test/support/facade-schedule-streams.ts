import type { Download, UploadSource } from '../../client-sdk/src/index.ts'
import { contentOf, isContentOf, planOf } from './facade-schedule-agent.ts'

/** The content of an upload, given piece by piece. */
export class Source {
  isOver = false
  isDropped = false
  readonly upload: UploadSource
  readonly #entry: number
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined
  #given = 0
  #at = 0
  #wake: (() => void) | undefined

  constructor(entry: number) {
    this.#entry = entry
    const { length, sized } = planOf(entry)
    const stream = new ReadableStream<Uint8Array>(
      {
        start: controller => {
          this.#controller = controller
        },
        pull: () => this.#next(),
        cancel: () => {
          this.isOver = true
        },
      },
      { highWaterMark: 0 },
    )
    this.upload = sized ? { stream, length } : stream
  }

  give(chunks: number): void {
    this.#given += chunks
    this.#wake?.()
  }

  drop(): void {
    if (this.isOver) return
    this.isOver = true
    this.isDropped = true
    this.#controller?.error(new Error('the file is gone'))
    this.#wake?.()
  }

  async #next(): Promise<void> {
    while (this.#given <= 0 && !this.isOver) {
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
    if (this.isOver) return
    this.#given--
    const piece = contentOf(this.#entry, this.#at, this.#at + 50_000)
    this.#at += piece.byteLength
    if (piece.byteLength > 0) this.#controller?.enqueue(piece)
    else {
      this.isOver = true
      this.#controller?.close()
    }
  }
}

/** A download, read piece by piece and held against its content. */
export class Reading {
  isDropped = false
  end: { readonly error?: unknown; readonly fault?: string } | undefined
  readonly #entry: number
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  #wanted = 0
  #isReading = false
  #at = 0

  constructor(entry: number, download: Download) {
    this.#entry = entry
    this.#reader = download.stream().getReader()
  }

  take(chunks: number): void {
    this.#wanted += chunks
    void this.#read()
  }

  drop(): void {
    if (this.end) return
    this.isDropped = true
    void this.#reader.cancel('not wanted').catch(() => undefined)
    this.end = {}
  }

  async #read(): Promise<void> {
    if (this.#isReading) return
    this.#isReading = true
    while (this.#wanted > 0 && !this.end) {
      this.#wanted--
      try {
        this.#took(await this.#reader.read())
      } catch (error) {
        this.end ??= { error }
      }
    }
    this.#isReading = false
  }

  #took({ done, value }: ReadableStreamReadResult<Uint8Array>): void {
    if (this.isDropped) return
    const { length } = planOf(this.#entry)
    if (done) this.end = this.#at === length ? {} : { fault: `the download of entry ${this.#entry} ended after ${this.#at} bytes` }
    else if (!isContentOf(this.#entry, this.#at, value))
      this.end = { fault: `the download of entry ${this.#entry} is wrong at ${this.#at}` }
    else this.#at += value.byteLength
  }
}
