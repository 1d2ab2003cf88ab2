import { createHash } from 'node:crypto'
import { frameHeaderBytes, subprotocol, writeFrameHeader } from '@halibut-gateway/schemas/wire'
import { expect } from 'vitest'
import { WebSocket } from 'ws'
import { generatedDigest } from './big-content.ts'
import { seededRandom } from './cutting-relay.ts'
import { createFacadeWorld, type FacadeWorld } from './facade-world.ts'
import { streamService } from './stream-contract.ts'

const mebibyte = 1024 * 1024

/** Frames as an honest client sends them: what the mutations begin with. */
const honest: readonly (object | Uint8Array)[] = [
  { jsonrpc: '2.0', id: 1, method: 'agents.list', params: {} },
  { jsonrpc: '2.0', id: 2, method: 'agents.watch' },
  { jsonrpc: '2.0', id: 3, method: 'agent.invoke', params: { agent: 'a1', service: 'IStreamService', method: 'PeakMemory', args: [] } },
  {
    jsonrpc: '2.0',
    id: 4,
    method: 'agent.invoke',
    params: { agent: 'a1', service: 'IStreamService', method: 'Digest', args: [{ $stream: 1, length: 64 }], digest: true },
  },
  {
    jsonrpc: '2.0',
    id: 5,
    method: 'agent.invoke',
    params: { agent: 'a1', service: 'IStreamService', method: 'Generate', args: ['100000'], idempotencyKey: 'k', epoch: 'e' },
  },
  {
    jsonrpc: '2.0',
    id: 6,
    method: 'agent.invoke',
    params: { agent: 'a1', service: 'IUnknown', method: 'M', args: [{ $numberLong: '1' }] },
  },
  { jsonrpc: '2.0', method: '$/cancel', params: { id: 4, mode: 'skip' } },
  { jsonrpc: '2.0', method: '$/stream/credit', params: { stream: 2, offset: 400_000, acknowledged: 100_000 } },
  { jsonrpc: '2.0', method: '$/stream/end', params: { stream: 1, length: 64 } },
  { jsonrpc: '2.0', method: '$/stream/cancel', params: { stream: 1 } },
  { jsonrpc: '2.0', method: '$/progress/credit', params: { id: 2, sequence: 1_000 } },
  { jsonrpc: '2.0', method: '$/ack', params: { received: 3 } },
  { jsonrpc: '2.0', id: 7, method: 'calls.get', params: { idempotencyKey: 'k', epoch: 'e' } },
  [
    { jsonrpc: '2.0', id: 8, method: 'agents.list' },
    { jsonrpc: '2.0', method: '$/ping' },
    { jsonrpc: '2.0', id: 9, method: 'rpc.discover' },
  ],
  content(1, 0, 32),
  content(1, 32, 32),
]

function content(stream: number, offset: number, length: number): Uint8Array {
  const frame = new Uint8Array(frameHeaderBytes + length)
  writeFrameHeader(frame, stream, offset)
  return frame
}

/** What has to happen in a second, at least; a busy machine does ten times as much. */
const leastFramesASecond = 200
const leastCallsASecond = 10
/** For so long the honest client may be without an answer, on a busy machine. */
const longestSilenceMs = 2_000
/** Sockets that send nonsense at the same time. */
const attackers = 4

/** What was sent, on one socket or on all. */
interface Sent {
  sockets: number
  /** Frames that were changed, or came where they do not belong. */
  mutated: number
  /** Sockets that said hello to go on with a session. */
  resumes: number
}

/** What a hello was answered: somebody may want to go on with that session. */
interface Welcome {
  readonly session: string
  readonly resumeToken: string
}

/** Sends mutated frames for `forMs` while an honest client calls: it is always answered, and the gateway’s memory comes back. */
export async function fuzzSocket(forMs: number, seed: number): Promise<string> {
  await using world = await createFacadeWorld()
  const random = seededRandom(seed)
  const sent: Sent = { sockets: 0, mutated: 0, resumes: 0 }
  const attack = async (isOver: () => boolean): Promise<void> => {
    for (let welcome: Welcome | undefined; !isOver(); ) welcome = await fuzzSocketOnce(world, random, sent, welcome)
  }
  const attackFromAllSides = (isOver: () => boolean): Promise<unknown> =>
    Promise.all(Array.from({ length: attackers }, () => attack(isOver)))
  // The first attacks warm up what compiles late and grows once, such as the pool of connections to the agent.
  const warmUntil = performance.now() + forMs / 6
  await attackFromAllSides(() => performance.now() >= warmUntil)
  const before = (await leftBehind(world)).held
  Object.assign(sent, { sockets: 0, mutated: 0, resumes: 0 } satisfies Sent)
  const until = performance.now() + forMs
  const isOver = (): boolean => performance.now() >= until
  const honest = callAllTheTime(world, isOver)
  await attackFromAllSides(isOver)
  const { calls, longestMs } = await honest
  const seconds = forMs / 1_000
  expect(sent.mutated).toBeGreaterThanOrEqual(leastFramesASecond * seconds)
  expect(sent.resumes).toBeGreaterThanOrEqual(seconds)
  expect(calls).toBeGreaterThanOrEqual(leastCallsASecond * seconds)
  expect(longestMs).toBeLessThanOrEqual(longestSilenceMs)
  const { held, waiting } = await leftBehind(world)
  const grown = (held - before) / mebibyte
  expect(grown).toBeLessThanOrEqual(16)
  return `${sent.mutated} mutated frames on ${sent.sockets} sockets, ${sent.resumes} of which wanted to resume, in ${seconds} s; beside them ${calls} honest calls answered, the longest after ${Math.round(longestMs)} ms; the gateway holds ${grown.toFixed(1)} MiB more, without the ${waiting} sessions that were left`
}

/**
 * What the gateway holds, in bytes, without the sessions that wait for their sockets: those would for two minutes, with what they keep.
 * Their connections to the agent end one after the other, so the least of several answers counts.
 */
async function leftBehind(world: FacadeWorld): Promise<{ readonly held: number; readonly waiting: number }> {
  const waiting = await world.forgetSessions()
  const service = world.client().agent('a1').service(streamService)
  let held = Number.POSITIVE_INFINITY
  for (let i = 0; i < 10; i++) {
    await service.PeakMemory()
    held = Math.min(held, await world.gatewayHeld())
  }
  return { held, waiting }
}

/** One call after the other, every tenth with a data stream whose content is looked at. */
async function callAllTheTime(world: FacadeWorld, isOver: () => boolean): Promise<{ calls: number; longestMs: number }> {
  const service = world.client().agent('a1').service(streamService)
  const length = 100_000
  const expected = generatedDigest(length)
  let calls = 0
  let longestMs = 0
  for (let before = performance.now(); !isOver(); calls++) {
    if (calls % 10 === 9) {
      const content = await (await service.Generate(BigInt(length))).bytes()
      expect(createHash('sha256').update(content).digest('hex')).toBe(expected)
    } else expect(await service.PeakMemory()).toBeGreaterThan(0n)
    const now = performance.now()
    longestMs = Math.max(longestMs, now - before)
    before = now
  }
  return { calls, longestMs }
}

/** One socket’s life. Resolves when it has closed, with what the next socket may want to go on with. */
function fuzzSocketOnce(world: FacadeWorld, random: () => number, sent: Sent, earlier: Welcome | undefined): Promise<Welcome | undefined> {
  const socket = new WebSocket(`ws://127.0.0.1:${world.port}/rpc`, [subprotocol, world.token])
  sent.sockets++
  let welcome: Welcome | undefined
  let left = Math.floor(random() * 60)
  const isOpen = (): boolean => socket.readyState === WebSocket.OPEN
  const send = (original: object | Uint8Array, mutations: number): void => {
    if (mutations > 0) sent.mutated++
    sendMutated(socket, original, mutations, random)
  }
  const step = (): void => {
    for (let i = 0; i < 4 && left > 0 && isOpen(); i++, left--) send(pick(honest, random), Math.floor(random() * 3))
    if (!isOpen()) return
    if (left > 0) setImmediate(step)
    else if (random() < 0.3) socket.terminate()
    else socket.close(1000)
  }
  return new Promise(resolve => {
    socket.on('error', () => {})
    socket.on('close', () => resolve(welcome))
    socket.on('open', () => {
      // Without a hello there is no answer to wait for.
      if (random() < 0.1) {
        sent.mutated++
        step()
        return
      }
      if (earlier) sent.resumes++
      send(hello(earlier, random), Math.max(0, Math.floor(random() * 5) - 2))
    })
    socket.once('message', (data, isBinary) => {
      if (!isBinary) welcome = welcomeOf(String(data))
      step()
    })
  })
}

function hello(earlier: Welcome | undefined, random: () => number): object {
  const received = Math.floor(random() * 4)
  const streams = [{ stream: 2, received: Math.floor(random() * 100_000) }]
  const resume = earlier && { session: earlier.session, token: earlier.resumeToken, received, streams: random() < 0.5 ? streams : [] }
  return { jsonrpc: '2.0', id: 'h', method: 'hello', params: { client: { name: 'fuzz', version: '1' }, ...(resume ? { resume } : {}) } }
}

function welcomeOf(text: string): Welcome | undefined {
  return (JSON.parse(text) as { readonly result?: Welcome }).result
}

function sendMutated(socket: WebSocket, original: object | Uint8Array, mutations: number, random: () => number): void {
  const isBinary = original instanceof Uint8Array
  let bytes = isBinary ? Buffer.from(original) : Buffer.from(JSON.stringify(original))
  for (let i = mutations; i > 0; i--) bytes = mutate(bytes, random)
  socket.send(bytes, { binary: mutations > 0 && random() < 0.05 ? !isBinary : isBinary })
}

function mutate(bytes: Buffer, random: () => number): Buffer<ArrayBuffer> {
  const copy = Buffer.from(bytes)
  const at = Math.floor(random() * Math.max(1, copy.length))
  switch (Math.floor(random() * 6)) {
    case 0:
      if (copy.length > 0) copy[at] = (copy[at] ?? 0) ^ (1 << Math.floor(random() * 8))
      return copy
    case 1:
      return copy.subarray(0, at)
    case 2:
      return Buffer.concat([copy.subarray(0, at), copy, copy.subarray(at)])
    case 3:
      return Buffer.concat([copy.subarray(0, at), Buffer.from(pick(tokens, random)), copy.subarray(at)])
    case 4:
      // A number in the text gives way to another one.
      return Buffer.from(copy.toString('latin1').replace(/\d+/, pick(numbers, random)), 'latin1')
    default:
      return Buffer.concat([copy, Buffer.alloc(Math.floor(random() * 5_000), 0x20)])
  }
}

const tokens = ['null', '[', ']', '{', '}', '"', '__proto__', '\\u0000', ',', '[[[[[[[[[[', '"$stream":3', '-1', '1e308', '\ud7ff', 'true']
const numbers = ['0', '-1', '1.5', '9007199254740991', '9007199254740992', '1e400', '4294967295', '4294967296', '2', '7']

function pick<T>(from: readonly T[], random: () => number): T {
  return from[Math.floor(random() * from.length)] as T
}
