import { facadeLimits, type LargeResult, type StreamHandle } from '@halibut-gateway/schemas/wire'
import { HalibutError } from '../base/errors.ts'
import { Turns } from '../base/turns.ts'
import { jsonPieces } from '../rpc/json-pieces.ts'
import { DataStream, type Spool } from '../runtime/data-streams.ts'

/** What a result needs of the data streams of its request. */
export interface ResultStreams {
  /** The handles that the result holds. */
  readonly offered: readonly StreamHandle[]
  offerJson(json: DataStream): StreamHandle
  createSpool(): Spool
}

const chunkChars = 64 * 1024
const { resultBytes } = facadeLimits

/**
 * The JSON of a result, written in slices between which others have their turn: as text where it has at most `inlineBytes`, else as a data
 * stream from a spool, so that nothing of it is kept in memory for a slow browser. Rejects with the reason of `signal`, with
 * `message_too_large` beyond `resultBytes`, and with what the spool or the limit of data streams says.
 */
export async function writeLongResult(
  result: unknown,
  inlineBytes: number,
  streams: ResultStreams,
  signal: AbortSignal,
): Promise<string | LargeResult> {
  const turns = new Turns()
  let spool: Spool | undefined
  let text = ''
  let bytes = 0
  try {
    for (const piece of jsonPieces(result)) {
      text += piece
      bytes += Buffer.byteLength(piece)
      if (bytes > inlineBytes && text.length >= chunkChars) {
        if (bytes > resultBytes) throw tooLong()
        spool ??= streams.createSpool()
        const written = spool.write(Buffer.from(text))
        text = ''
        if (written) await written
      }
      const turn = turns.take()
      if (turn) await turn
      signal.throwIfAborted()
    }
    if (!spool && bytes <= inlineBytes) return text
    spool ??= streams.createSpool()
    await spool.write(Buffer.from(text))
    spool.end()
    return announce(spool, bytes, streams)
  } catch (why) {
    spool?.close()
    throw why
  }
}

function announce(spool: Spool, bytes: number, streams: ResultStreams): LargeResult {
  const { offered } = streams
  const $json = streams.offerJson(new DataStream(bytes, { pump: sink => spool.pump(sink), discard: () => spool.close() }))
  return offered.length === 0 ? { $json } : { $json, streams: offered }
}

function tooLong(): HalibutError {
  return new HalibutError('message_too_large', `the JSON of the result is longer than resultBytes, ${resultBytes} bytes`, {
    advice: 'ask for less at a time, or let the service give its result as a data stream',
  })
}
