import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { generatedDigest, watchMemory } from './big-content.ts'
import type { Distance } from './distant-relay.ts'
import { digestOf, generatedStream } from './facade-streams.ts'
import { createFacadeWorld } from './facade-world.ts'
import { streamService } from './stream-contract.ts'

const mebibyte = 1024 * 1024

/**
 * Sends and fetches `length` bytes over a line that is cut `cuts` times each way, at even distances. The digests must be equal, and neither the
 * gateway’s memory nor the client’s may grow by more than `growthBytes`. Tells how fast it was without a cut, too.
 */
export async function moveFarAway(length: number, distance: Distance, cuts: number, growthBytes: number): Promise<string> {
  await using world = await createFacadeWorld()
  const line = await world.farAway(distance)
  // Without tickets every connection is a WebSocket.
  const client = world.client(line.port, { tickets: false })
  const service = client.agent('a1').service(streamService)
  const expected = generatedDigest(length)
  let lost = 0
  client.onState(state => {
    if (state.at === 'waiting') lost++
  })
  /** Cuts the line whenever so much has gone. */
  const cutter = (): ((bytes: number) => void) => {
    let done = 0
    return bytes => {
      if (done >= cuts || bytes < ((done + 1) / (cuts + 1)) * length) return
      done++
      line.cut()
    }
  }
  const fetch = async (cut: (bytes: number) => void): Promise<void> => {
    const hash = createHash('sha256')
    let bytes = 0
    for await (const chunk of await service.Generate(BigInt(length))) {
      hash.update(chunk)
      bytes += chunk.byteLength
      cut(bytes)
    }
    expect([bytes, hash.digest('hex')]).toEqual([length, expected])
  }
  const send = async (cut: (bytes: number) => void): Promise<void> => {
    const digest = await service.Digest({ stream: generatedStream(length), length }, { onProgress: ({ sentBytes }) => cut(sentBytes) })
    expect(digest).toBe(expected)
  }

  // Compiled code and the buffers of sockets are no growth.
  await digestOf(await service.Generate(BigInt(Math.min(length, 32 * mebibyte))))
  await service.Digest({ stream: generatedStream(Math.min(length, 32 * mebibyte)), length: Math.min(length, 32 * mebibyte) })
  const memory = watchMemory()
  const figures: string[] = []
  try {
    for (const [name, move] of [
      ['down', fetch],
      ['up', send],
    ] as const) {
      lost = 0
      await world.gatewayCollected()
      const before = [await world.gatewayMemory(), memory.peak()] as const
      const began = performance.now()
      await move(cutter())
      const seconds = (performance.now() - began) / 1_000
      const growth = [(await world.gatewayMemory()) - before[0], memory.peak() - before[1]] as const
      expect(lost).toBe(cuts)
      expect(Math.max(...growth)).toBeLessThanOrEqual(growthBytes)
      const [gateway, own] = growth.map(bytes => Math.round(bytes / mebibyte))
      figures.push(
        `${name} ${(length / mebibyte / seconds).toFixed(1)} MiB/s with ${lost} cuts, RSS grew by ${gateway} MiB (gateway) and ${own} MiB (client)`,
      )
    }
  } finally {
    memory.stop()
  }
  return `${length / mebibyte} MiB each way at ${distance.roundTripMs} ms, digests equal; ${figures.join('; ')}`
}
