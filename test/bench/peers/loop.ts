import { deflateRawSync } from 'node:zlib'
import { dateTimeOffset, enumeration, list, method, object, service, string } from '@halibut-gateway/schemas/contract'
import type { ByteChannel } from '../../../server/src/base/byte-channel.ts'
import { answer } from '../peer.ts'
import { product } from '../product.ts'

const { defaultLimits } = await product('base/limits')
const { MemoryBudget } = await product('base/memory-budget')
const { MemoryCharge } = await product('base/memory-charge')
const { TypeRegistry } = await product('codec/contract-values')
const { deflateMessage } = await product('codec/raw-deflate')
const { encodeResponse } = await product('codec/envelope')
const { decodeLargeResponse } = await product('exchange/decode-in-turns')
const { Transfer } = await product('exchange/transfer')

const source = enumeration('Sample.Source, Sample', { StdOut: 0, StdErr: 1 })
const entry = object('Sample.Entry, Sample', { Source: source, Occurred: dateTimeOffset, Text: string })
const logs = service('ILogs', { Get: method([], list(entry)) })
const registry = new TypeRegistry()
const compiled = registry.register(logs)

function document(...elements: readonly Buffer[]): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32LE(elements.reduce((sum, each) => sum + each.length, 5))
  return Buffer.concat([length, ...elements, Buffer.from([0])])
}

function element(type: number, name: string, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type]), Buffer.from(`${name}\0`), value])
}

function response(type: number, result: Buffer): Buffer {
  return document(
    element(0x03, 'Message', document(element(0x02, 'id', Buffer.from('020000007200', 'hex')), element(type, 'result', result))),
  )
}

function text(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32LE(bytes.length + 1)
  return Buffer.concat([length, bytes, Buffer.from([0])])
}

const occurred = new Date(0)
const entries = Array.from({ length: 200_008 }, (_, i) => ({
  Source: 'StdOut',
  Occurred: occurred,
  Text: `line ${i} `.padEnd(220, 'of the log '),
}))

/** What may come within the limits and costs most, each as it comes over the wire. */
const messages: Readonly<Record<string, Buffer>> = {
  documents: deflateRawSync(response(0x04, document(Buffer.alloc(7_900_000 * 7, '03000500000000', 'hex')))),
  nulls: deflateRawSync(response(0x04, document(Buffer.alloc(3_900_000 * 2, '0a00', 'hex')))),
  text: deflateRawSync(response(0x02, text(Buffer.alloc(60_000_000, 'ä')))),
  entries: deflateMessage(encodeResponse('r', { result: entries, codec: compiled.method('Get').result }, {}).document),
}
entries.length = 0

/** The wire’s bytes in pieces as they come from a socket, each in a turn of its own. */
function arriving(wire: Buffer): ByteChannel {
  let at = 0
  const channel = {
    failure: undefined,
    receiveTimeoutMs: 0,
    unread: () => undefined,
    read: () =>
      new Promise<Buffer>(resolve => {
        setImmediate(() => {
          resolve(wire.subarray(at, at + 64 * 1024))
          at += 64 * 1024
        })
      }),
  }
  return channel as unknown as ByteChannel
}

/** How long the event loop was held at most while a message was received and decoded. */
async function longestBlock(wire: Buffer): Promise<number> {
  const budget = new MemoryBudget(defaultLimits.maxMessageBytesInFlight, 'maxMessageBytesInFlight').share('agent')
  const transfer = new Transfer(arriving(wire), { limits: defaultLimits, budget, createSpool: () => unused() })
  let longest = 0
  let last = performance.now()
  let over = false
  const beat = (): void => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
    if (!over) setImmediate(beat)
  }
  setImmediate(beat)
  try {
    const charge = new MemoryCharge(budget)
    await decodeLargeResponse(await transfer.receive(0), compiled, defaultLimits, charge, () => undefined)
    charge.release()
  } catch (why) {
    if (!(why instanceof Error) || !why.message.includes('maxMessageBytesInFlight')) throw why
  }
  over = true
  return Math.max(longest, performance.now() - last)
}

function unused(): never {
  throw new Error('no data stream is expected')
}

/** Of all of them the longest. */
async function ours(): Promise<number> {
  let longest = 0
  for (const wire of Object.values(messages)) {
    global.gc?.()
    longest = Math.max(longest, await longestBlock(wire))
  }
  return longest
}

answer({ ours })
