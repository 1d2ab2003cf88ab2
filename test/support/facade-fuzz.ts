import { frameHeaderBytes, subprotocol, writeFrameHeader } from '@halibut-gateway/schemas/wire'
import { expect } from 'vitest'
import { WebSocket } from 'ws'
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
  { jsonrpc: '2.0', method: '$/stream/credit', params: { stream: 2, offset: 400_000 } },
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

/** Sends mutated frames for `forMs` while an honest client calls: it is always answered, and the gateway’s memory comes back. */
export async function fuzzSocket(forMs: number, seed: number): Promise<string> {
  await using world = await createFacadeWorld()
  const service = world.client().agent('a1').service(streamService)
  const random = seededRandom(seed)
  // The first round warms up what compiles late and grows once.
  await fuzzRound(world, random, 40)
  const before = await world.gatewayHeld()
  const until = performance.now() + forMs
  let sockets = 0
  let frames = 0
  let answered = 0
  while (performance.now() < until) {
    const [sent] = await Promise.all([fuzzRound(world, random, 40), service.PeakMemory().then(() => answered++)])
    frames += sent
    sockets++
  }
  expect(answered).toBe(sockets)
  expect(await service.PeakMemory()).toBeGreaterThan(0n)
  const grown = ((await world.gatewayHeld()) - before) / mebibyte
  expect(grown).toBeLessThanOrEqual(16)
  return `${frames} mutated frames on ${sockets} sockets in ${forMs / 1_000} s, ${answered} honest calls answered beside them; the gateway holds ${grown.toFixed(1)} MiB more`
}

/** One socket’s life; resolves with the number of frames sent when it has closed. */
function fuzzRound(world: FacadeWorld, random: () => number, most: number): Promise<number> {
  const socket = new WebSocket(`ws://127.0.0.1:${world.port}/rpc`, [subprotocol, world.token])
  let sent = 0
  return new Promise(resolve => {
    socket.on('error', () => {})
    socket.on('close', () => resolve(sent))
    socket.on('open', () => {
      if (random() < 0.9) {
        socket.send(JSON.stringify({ jsonrpc: '2.0', id: 'h', method: 'hello', params: { client: { name: 'fuzz', version: '1' } } }))
      }
      const step = (): void => {
        for (let i = 0; i < 4 && socket.readyState === WebSocket.OPEN && sent < most; i++, sent++) sendMutated(socket, random)
        if (socket.readyState !== WebSocket.OPEN) return
        if (sent < most) setImmediate(step)
        else if (random() < 0.2) socket.terminate()
        else socket.close(1000)
      }
      socket.once('message', step)
      // Without a hello there is no answer to wait for.
      if (random() < 0.1) step()
    })
  })
}

function sendMutated(socket: WebSocket, random: () => number): void {
  const original = pick(honest, random)
  const isBinary = original instanceof Uint8Array
  let bytes = isBinary ? Buffer.from(original) : Buffer.from(JSON.stringify(original))
  for (let i = Math.floor(random() * 3); i > 0; i--) bytes = mutate(bytes, random)
  socket.send(bytes, { binary: random() < 0.05 ? !isBinary : isBinary })
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
