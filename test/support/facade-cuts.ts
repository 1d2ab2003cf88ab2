import { expect } from 'vitest'
import type { GatewayClient } from '../../client-sdk/src/index.ts'
import { generate, generatedDigest } from './big-content.ts'
import { seededRandom } from './cutting-relay.ts'
import { SocketRecord } from './facade-socket-record.ts'
import { digestOf, generatedStream } from './facade-streams.ts'
import { createFacadeWorld } from './facade-world.ts'
import { nodeWebSocket } from './node-websocket.ts'
import { streamService } from './stream-contract.ts'

const mebibyte = 1024 * 1024
/** Every connection passes that much before it is cut, so that each one can say hello. */
const leastBytes = 20_000
/** Calls that wait for us, besides those that wait for the agent. */
const heldCalls = 3

/**
 * Moves `length` bytes down and up while the WebSocket is cut `cuts` times each way, after random numbers of bytes, with calls pending at
 * each cut. All cuts happen: together they are shorter than the content.
 */
export async function moveThroughCuts(length: number, cuts: number, seed: number): Promise<string> {
  await using world = await createFacadeWorld()
  const random = seededRandom(seed)
  const expected = generatedDigest(length)
  const figures: string[] = []
  for (const way of ['down', 'up'] as const) {
    const budgets = budgetsOf(0.9 * length, cuts, random)
    const relay = await world.relay(() => budgets.shift() ?? Number.POSITIVE_INFINITY, random)
    const record = new SocketRecord()
    // Without tickets every connection is a WebSocket.
    const client = world.client(relay.port, { tickets: false, webSocket: record.of(nodeWebSocket) })
    const beside = new CallsBeside(client)
    const service = client.agent('a1').service(streamService)
    if (way === 'down') expect(await digestOf(await service.Generate(BigInt(length)))).toEqual({ digest: expected, bytes: length })
    else expect(await service.Digest({ stream: generatedStream(length), length })).toBe(expected)
    const { calls, pendingAtCuts } = await beside.end()
    expect(relay.killed).toBe(cuts)
    expect(pendingAtCuts.length).toBeGreaterThanOrEqual(cuts)
    const leastPending = Math.min(...pendingAtCuts)
    expect(leastPending).toBeGreaterThanOrEqual(heldCalls)
    expect(record.unanswered()).toEqual([])
    expect([record.lost, record.faults]).toEqual([0, []])
    figures.push(`${way}: ${relay.killed} cuts, ${leastPending} or more of ${calls} calls pending at each, each answered once`)
    client.close()
  }
  return `${length / mebibyte} MiB each way, digests equal; ${figures.join('; ')}`
}

/** After how many bytes each connection is cut, together `length`. */
function budgetsOf(length: number, cuts: number, random: () => number): number[] {
  const shares = Array.from({ length: cuts }, () => random())
  const sum = shares.reduce((total, share) => total + share, 0)
  return shares.map(share => leastBytes + (share / sum) * (length - cuts * leastBytes))
}

/** Calls beside a stream: small ones, one after the other, and some whose uploads wait until the next cut is over. */
class CallsBeside {
  readonly #client: GatewayClient
  readonly #pendingAtCuts: number[] = []
  readonly #calls: Promise<void>[] = []
  readonly #held: (() => void)[] = []
  #pending = 0
  #over = false

  constructor(client: GatewayClient) {
    this.#client = client
    client.onState(state => {
      if (this.#over) return
      if (state.at === 'waiting') this.#pendingAtCuts.push(this.#pending)
      if (state.at === 'connected' && state.welcome.resumed) {
        this.#hold()
        this.#held.shift()?.()
      }
    })
    for (let i = 0; i < heldCalls; i++) this.#hold()
    void this.#callOn()
  }

  /** Lets all of them end. */
  async end(): Promise<{ readonly calls: number; readonly pendingAtCuts: readonly number[] }> {
    this.#over = true
    for (const release of this.#held) release()
    await Promise.all(this.#calls)
    expect(this.#pending).toBe(0)
    return { calls: this.#calls.length, pendingAtCuts: this.#pendingAtCuts }
  }

  async #callOn(): Promise<void> {
    while (!this.#over) {
      await this.#call(async service => expect(await service.PeakMemory()).toBeGreaterThan(0n)).catch(() => {
        this.#over = true
      })
    }
  }

  /** The agent has half of its content; the rest comes when it is released. */
  #hold(): void {
    const length = 2_000
    const [content = new Uint8Array()] = generate(length)
    const stream = new ReadableStream<Uint8Array>({
      start: controller => {
        controller.enqueue(content.subarray(0, length / 2))
        this.#held.push(() => {
          controller.enqueue(content.subarray(length / 2))
          controller.close()
        })
      },
    })
    void this.#call(async service => expect(await service.Digest({ stream, length })).toBe(generatedDigest(length))).catch(() => undefined)
  }

  /** Its failure is told by {@link end}. */
  #call(make: (service: ReturnType<typeof serviceOf>) => Promise<void>): Promise<void> {
    this.#pending++
    const call = make(serviceOf(this.#client)).finally(() => {
      this.#pending--
    })
    this.#calls.push(call)
    return call
  }
}

function serviceOf(client: GatewayClient) {
  return client.agent('a1').service(streamService)
}
