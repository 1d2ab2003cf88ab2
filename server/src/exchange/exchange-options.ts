import type { Limits } from '../base/limits.ts'
import type { MemoryShare } from '../base/memory-budget.ts'
import type { ByteSink } from '../codec/data-stream.ts'

/** Holds the content of a data stream whose reader is slower than its peer allows. Bounded; gone after use. */
export interface Spool {
  /** Takes a chunk (copies it). Throws `stream_stalled` when the spool is full. */
  write(chunk: Uint8Array): Promise<void> | undefined
  /** No more comes: the end, or the error that a reader shall see after what there is. */
  end(why?: unknown): void
  /** Hands what was and will be written to `sink`, in order. */
  pump(sink: ByteSink): Promise<void>
  /** Frees memory and file. Idempotent. */
  close(): void
}

/** Told about the traffic of a connection. Every member is optional and costs nothing when absent. */
export interface ExchangeObserver {
  controlSent?(line: string): void
  controlReceived?(line: string): void
  messageSent?(sizes: MessageSizes): void
  messageReceived?(sizes: MessageSizes): void
}

/** Bytes on the wire and inflated. */
export interface MessageSizes {
  readonly compressedBytes: number
  readonly documentBytes: number
}

/** What every conversation needs from the runtime. */
export interface ExchangeOptions {
  readonly limits: Limits
  /** The peer’s share of the memory for messages. */
  readonly budget: MemoryShare
  createSpool(): Spool
  readonly observer?: ExchangeObserver | undefined
}
