import type { StreamHandle } from '@halibut-gateway/schemas/wire'
import type { DataStream } from '../runtime/data-streams.ts'

/** A digest that a call can ask for. */
export type DigestName = 'sha256' | 'sha1'

/** The digest of an upload in lower-case hexadecimal under its name, as the answer of its call tells it. */
export interface UploadDigest extends Readonly<Partial<Record<DigestName, string>>> {
  readonly stream: number
  readonly length: number
}

/** Gives a data stream of a result its handle. */
export type OfferStream = (stream: DataStream) => StreamHandle

/** The data streams of one request, as its handler sees them. Whoever runs the handler announces, begins and ends them. */
export interface CallStreams {
  /** Whether there can be any. */
  readonly isPossible: boolean
  /** The digest of every data stream is wanted. To be said before the first one moves. */
  wantDigest(name: DigestName): void
  /** Waits for the uploads whose length is not known yet; `undefined` where there are none. Rejects with `length_required` beyond the limit. */
  ready(): Promise<void> | undefined
  /** The data stream of a handle in the arguments; the same one each time. Throws `invalid_params` where the request did not announce it. */
  accept(handle: StreamHandle): DataStream
  /**
   * The handle of a data stream in the result; the same one each time. Throws `too_many_streams` where many are open already when the first one
   * of this result comes. Its bytes follow the response.
   */
  readonly offer: OfferStream
  /** The digests of the uploads that have been taken whole. */
  uploads(): UploadDigest[]
}
