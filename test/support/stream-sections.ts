import { defaultLimits, type Limits } from '../../server/src/base/limits.ts'
import { MemoryBudget } from '../../server/src/base/memory-budget.ts'
import { DataStream } from '../../server/src/codec/data-stream.ts'
import { guidToBytes } from '../../server/src/codec/guid.ts'
import type { ExchangeOptions } from '../../server/src/exchange/exchange-options.ts'
import { createStreamSpool } from '../../server/src/runtime/stream-spool.ts'

/** The id of the n-th stream of a test. */
export function streamId(n: number): string {
  return `00112233-4455-6677-8899-${String(n).padStart(12, '0')}`
}

/** A stream as a received message declares it: without content yet. */
export function declared(n: number, length: number): DataStream {
  return new DataStream(length, undefined, streamId(n))
}

/** A data stream section (spec §5.2); `header` and `trailer` are the two lengths. */
export function section(n: number, content: Uint8Array | string, lengths: { header?: bigint; trailer?: bigint } = {}): Buffer {
  const bytes = Buffer.from(content)
  const { header = BigInt(bytes.length), trailer = header } = lengths
  const before = Buffer.alloc(8)
  before.writeBigInt64LE(header)
  const after = Buffer.alloc(8)
  after.writeBigInt64LE(trailer)
  return Buffer.concat([guidToBytes(streamId(n)), before, bytes, after])
}

/** Bytes that differ from stream to stream and from place to place. */
export function pattern(n: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  for (let i = 0; i < length; i++) bytes[i] = (i * 7 + (i >>> 8) * 13 + n * 31) & 0xff
  return bytes
}

/** What a conversation needs, with the limits of a test. */
export function exchangeOptions(overrides: Partial<Limits> = {}): ExchangeOptions {
  const limits: Limits = { ...defaultLimits, ...overrides }
  return {
    limits,
    budget: new MemoryBudget(limits.maxMessageBytesInFlight, 'maxMessageBytesInFlight').share('a peer'),
    createSpool: () => createStreamSpool(limits),
  }
}

/** Lets everything run that is due, but for timers. */
export function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

/** Waits, turn by turn, for something that must become true. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn()
}
