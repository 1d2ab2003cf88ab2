import type { MemoryShare } from '../base/memory-budget.ts'
import type { DataStream } from '../codec/data-stream.ts'

/** Whoever asked. Nobody else reads the response: to those who pass it on it is one document, and the data streams that follow it. */
export interface AnswerReader {
  /** The request has left whole, with its data streams. */
  requestSent?(): void
  /**
   * Reads the document of the response, and gives the data streams that it announces. What carries the call waits for them, since only then
   * it knows where the response ends; without a promise where the document is small. Called once at most. What it throws ends the call.
   * `budget`: what the values of a large response are charged to.
   */
  readAnswer(document: Buffer, budget: MemoryShare): readonly DataStream[] | Promise<readonly DataStream[]>
}

/** The data streams of a response, on their way to their readers. */
export interface AnswerStreams {
  /** Settles when all of them have come, read or not; rejects with what broke them off. */
  readonly done: Promise<void>
  /** Skips what nobody has asked for; `keep` names those that are still needed, and are kept for whoever asks later. */
  settle(keep: ReadonlySet<DataStream>): void
}
