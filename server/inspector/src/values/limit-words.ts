import type { FacadeLimits } from '@halibut-gateway/schemas/wire'

/** What each limit that the gateway announces means to who uses it. */
export const limitMeanings: Readonly<Record<keyof FacadeLimits, string>> = {
  textBytes: 'the longest message that a browser may send; a longer result travels as a data stream',
  jsonDepth: 'how deep objects and lists may be nested in a message',
  idChars: 'the longest id of a request',
  batchRequests: 'requests in one batch',
  callsInFlight: 'requests that run at the same time on one connection, watches included',
  outboxBytes: 'text that waits for a slow browser before its connection is ended',
  binaryBytes: 'the longest frame of a data stream',
  chunkBytes: 'content in one frame of a data stream that the gateway sends',
  streams: 'data streams that move at the same time in one session, in each direction',
  streamsPerCall: 'files and other data streams in the arguments of one call',
  streamCreditBytes: 'how far a data stream may be ahead of its reader at first',
  streamWindowBytes: 'how far it may come to be ahead where that is what holds it up',
  connectionCreditBytes: 'how far all data streams of a session may be ahead together',
  unsizedUploadBytes: 'the longest upload whose length is not told before',
  resultBytes: 'the longest result of a call, without its data streams',
  itemCredit: 'items of a watch that may be under way to a reader',
  resumeMs: 'how long a session waits for a browser whose connection was cut',
  replayBytes: 'text that is kept for a browser that comes back',
  ackFrames: 'frames after which a side says what it has received',
  ackChars: 'characters after which a side says what it has received',
  ackMs: 'time after which a side says what it has received',
  idempotencyKeyChars: 'the longest idempotency key of a call',
  deadlineMs: 'the longest deadline of a call',
  outcomeMs: 'how long it is known what became of a call with an idempotency key',
  outcomes: 'calls with an idempotency key that are remembered for one sign-in',
  helloMs: 'time from opening a connection to saying hello',
  pingMs: 'how often the gateway asks whether a browser is still there',
  deadMs: 'how long a connection may be silent before it counts as dead',
}

/** A limit as people read it. */
export interface ShownLimit {
  readonly name: string
  readonly value: string
  readonly unit: string
  readonly meaning: string
}

/** The limits as they were announced, with those that this page does not know yet. */
export function shownLimits(announced: Readonly<Record<string, number>>): readonly ShownLimit[] {
  const meanings = new Map<string, string>(Object.entries(limitMeanings))
  return Object.entries(announced).map(([name, value]) => ({ name, ...inUnits(name, value), meaning: meanings.get(name) ?? '' }))
}

function inUnits(name: string, value: number): { readonly value: string; readonly unit: string } {
  if (name.endsWith('Ms')) return duration(value)
  if (name.endsWith('Bytes')) return size(value)
  return { value: value.toLocaleString('en'), unit: name.endsWith('Chars') ? 'characters' : '' }
}

function duration(ms: number): { readonly value: string; readonly unit: string } {
  const [unit, size] =
    ms % 3_600_000 === 0 ? ['h', 3_600_000] : ms % 60_000 === 0 ? ['min', 60_000] : ms % 1_000 === 0 ? ['s', 1_000] : ['ms', 1]
  return { value: (ms / Number(size)).toLocaleString('en'), unit: String(unit) }
}

function size(bytes: number): { readonly value: string; readonly unit: string } {
  const [unit, each] = bytes % 1_048_576 === 0 ? ['MiB', 1_048_576] : bytes % 1_024 === 0 ? ['KiB', 1_024] : ['bytes', 1]
  return { value: (bytes / Number(each)).toLocaleString('en'), unit: String(unit) }
}
