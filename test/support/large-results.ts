import { facadeLimits } from '@halibut-gateway/schemas/wire'
import { expect } from 'vitest'
import { seededRandom } from './cutting-relay.ts'
import { createFacadeWorld } from './facade-world.ts'
import { logEntry } from './log-entry.ts'
import { streamService } from './stream-contract.ts'

const mebibyte = 1024 * 1024

/**
 * Asks for a log whose JSON is far longer than a text frame, with another browser beside it whose calls go on: whole, and with the loop of the
 * gateway blocked for at most `blockedMs` and its memory grown by at most `growthBytes`.
 */
export async function fetchLog(
  entries: number,
  chars: number,
  limits: { readonly blockedMs: number; readonly growthBytes: number },
): Promise<string> {
  await using world = await createFacadeWorld()
  const service = world.client().agent('a1').service(streamService)
  const other = world.client()
  // What is compiled at the first calls does not count.
  await service.Log(BigInt(Math.min(entries, 20_000) / 4), 100n)
  await other.agents()
  const before = await world.gatewayCollected()
  await world.gatewayBlocked()
  let over = false
  let calls = 0
  const beside = (async () => {
    for (; !over; calls++) expect(await other.agents()).toHaveLength(1)
  })()
  const began = performance.now()
  const log = await service.Log(BigInt(entries), BigInt(chars))
  const tookMs = performance.now() - began
  over = true
  await beside
  const blockedMs = await world.gatewayBlocked()
  const growth = (await world.gatewayMemory()) - before
  const left = (await world.gatewayCollected()) - before
  expect(log.Next).toBe(BigInt(entries))
  expect(log.Entries).toHaveLength(entries)
  for (let i = 0; i < entries; i += 997) expect(log.Entries?.[i]).toEqual(logEntry(i, chars))
  expect(log.Entries?.at(-1)).toEqual(logEntry(entries - 1, chars))
  expect(calls).toBeGreaterThan(10)
  expect(blockedMs).toBeLessThanOrEqual(limits.blockedMs)
  expect(growth).toBeLessThanOrEqual(limits.growthBytes)
  const size = Math.round(JSON.stringify(log.Entries).length / mebibyte)
  const memory = `RSS grew by ${Math.round(growth / mebibyte)} MiB, ${Math.round(left / mebibyte)} MiB after a collection`
  return `${entries} entries, ${size} Mi characters of JSON, in ${Math.round(tookMs)} ms; the gateway’s loop was blocked for ${blockedMs} ms at most; ${memory}; ${calls} calls of another browser beside it`
}

/** Asks for a log while the WebSocket is cut again and again. */
export async function fetchLogThroughCuts(entries: number, cuts: number): Promise<void> {
  await using world = await createFacadeWorld()
  const random = seededRandom(5)
  let left = cuts
  const relay = await world.relay(() => (left-- > 0 ? facadeLimits.textBytes / 4 : Number.POSITIVE_INFINITY), random)
  const log = await world.client(relay.port, { tickets: false }).agent('a1').service(streamService).Log(BigInt(entries), 100n)
  expect(relay.killed).toBe(cuts)
  expect(log.Entries).toHaveLength(entries)
  expect(log.Entries?.at(-1)).toEqual(logEntry(entries - 1, 100))
}
