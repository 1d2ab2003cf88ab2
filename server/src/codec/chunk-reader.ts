import { isUint8Array } from 'node:util/types'
import { type Deferred, deferred } from '../base/deferred.ts'
import { HalibutError } from '../base/errors.ts'
import type { ByteSource } from './byte-source.ts'

/** A chunk that is the reader’s own. */
export type OwnChunk = Uint8Array<ArrayBuffer>

type State =
  /** The source has not been asked for anything. */
  | { readonly at: 'fresh' }
  /** The reader waits for a chunk, or for the end. */
  | { readonly at: 'asked'; readonly answer: Deferred<OwnChunk | undefined> }
  /** The reader has the last chunk, and the source waits until it comes back. */
  | { readonly at: 'given'; readonly goOn: Deferred<void> }
  | { readonly at: 'over'; readonly why?: unknown }

/**
 * Pulls out of a source that pushes: one chunk at a time, the next one only when the reader comes back for it.
 *
 * ```text
 *          next()          a chunk
 *   fresh ───────▶ asked ─────────▶ given
 *     │              │  ◀─────────    │
 *     │              │     next()     │
 *     └──────────────┴────────────────┴──▶ over: the end, an error, or cancel()
 * ```
 */
export class ChunkReader {
  readonly #source: ByteSource
  #state: State = { at: 'fresh' }

  constructor(source: ByteSource) {
    this.#source = source
  }

  /** The next chunk, never an empty one; `undefined` at the end. Rejects with what the source failed with. Once at a time. */
  async next(): Promise<OwnChunk | undefined> {
    const state = this.#state
    switch (state.at) {
      case 'over':
        if ('why' in state) throw state.why
        return undefined
      case 'asked':
        throw new HalibutError('invalid_argument', 'a data stream has one reader, which waits for each chunk', { phase: 'stream' })
      case 'fresh':
      case 'given': {
        const answer = deferred<OwnChunk | undefined>()
        this.#state = { at: 'asked', answer }
        if (state.at === 'given') state.goOn.resolve()
        else this.#source.pump(this.#take).then(this.#end, this.#fail)
        return answer.promise
      }
    }
  }

  /** The rest is not wanted. Whoever waits for a chunk gets an error. Nothing where it is over. */
  cancel(): void {
    const state = this.#state
    if (state.at === 'over') return
    const why = new HalibutError('cancelled', 'the data stream was given up by its reader', { phase: 'stream' })
    this.#state = { at: 'over', why }
    if (state.at === 'given') {
      // It breaks off where it stands, and ends what it has open.
      state.goOn.reject(why)
      return
    }
    if (state.at === 'asked') state.answer.reject(why)
    this.#source.discard?.()
  }

  readonly #take = (chunk: Uint8Array): Promise<void> | undefined => {
    const state = this.#state
    if (state.at !== 'asked') throw state.at === 'over' ? state.why : new Error('a source pushed on without waiting for its reader')
    if (chunk.byteLength === 0) return undefined
    const goOn = deferred<void>()
    this.#state = { at: 'given', goOn }
    state.answer.resolve(this.#source.stable === true && isOwn(chunk) ? chunk : new Uint8Array(chunk))
    return goOn.promise
  }

  readonly #end = (): void => {
    const state = this.#state
    if (state.at === 'over') return
    this.#state = { at: 'over' }
    if (state.at === 'asked') state.answer.resolve(undefined)
  }

  readonly #fail = (why: unknown): void => {
    const state = this.#state
    if (state.at === 'over') return
    this.#state = { at: 'over', why }
    if (state.at === 'asked') state.answer.reject(why)
  }
}

function isOwn(chunk: Uint8Array): chunk is OwnChunk {
  return isUint8Array(chunk) && chunk.buffer instanceof ArrayBuffer
}
