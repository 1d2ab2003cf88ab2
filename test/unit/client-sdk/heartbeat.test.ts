import { createClient, type GatewayClient } from '@halibut-gateway/client'
import { createTestGateway } from '@halibut-gateway/client/testing'
import { facadeLimits } from '@halibut-gateway/schemas/wire'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startHeartbeat } from '../../../client-sdk/src/heartbeat.ts'

const { pingMs, deadMs } = facadeLimits

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

/** A client of a gateway in memory, connected; what it sends is told, and pings are lost on their way where `answered` is false. */
async function connect(answered: boolean): Promise<{ client: GatewayClient; pings: () => number; states: string[] }> {
  const gateway = createTestGateway()
  let pings = 0
  const client = createClient({
    url: 'http://test',
    webSocket: (url, protocols) => {
      const socket = gateway.webSocket(url, protocols)
      const send = socket.send.bind(socket)
      socket.send = data => {
        const isPing = typeof data === 'string' && data.includes('"$/ping"')
        if (isPing) pings++
        if (answered || !isPing) send(data)
      }
      return socket
    },
  })
  const states: string[] = []
  const first = client.agents()
  await vi.advanceTimersByTimeAsync(10)
  await first
  client.onState(state => states.push(state.at === 'waiting' ? state.why.message : state.at))
  return { client, pings: () => pings, states }
}

test('an idle client pings, and stays connected to a gateway that answers', async () => {
  const { client, pings, states } = await connect(true)
  await vi.advanceTimersByTimeAsync(3 * deadMs)
  expect([client.state.at, states]).toEqual(['connected', []])
  expect(pings()).toBe(Math.floor((3 * deadMs) / pingMs))
  client.close()
})

test('a gateway that answers no ping is given up when nothing came for deadMs, and not before', async () => {
  const { client, states } = await connect(false)
  const watch = client.watchAgents()
  const first = watch.next()
  await vi.advanceTimersByTimeAsync(10)
  await first
  await vi.advanceTimersByTimeAsync(deadMs - 100)
  expect(states).toEqual([])
  await vi.advanceTimersByTimeAsync(100)
  expect(states).toEqual(['the connection to the gateway ended: 4410 heartbeat_timeout'])
  await watch.return()
  client.close()
})

test('no ping is sent while something comes', () => {
  const seen: string[] = []
  const heartbeat = startHeartbeat({ pingMs: 20, deadMs: 45 }, { ping: () => seen.push('ping'), dead: () => seen.push('dead') })
  for (let i = 0; i < 20; i++) {
    vi.advanceTimersByTime(19)
    heartbeat.heard()
  }
  expect(seen).toEqual([])
  vi.advanceTimersByTime(44)
  expect(seen).toEqual(['ping', 'ping'])
  vi.advanceTimersByTime(1)
  expect(seen).toEqual(['ping', 'ping', 'dead'])
  vi.advanceTimersByTime(100)
  expect(vi.getTimerCount()).toBe(0)
})

test('a clock that is set back is no sign of life', () => {
  const seen: string[] = []
  const heartbeat = startHeartbeat({ pingMs: 20, deadMs: 45 }, { ping: () => seen.push('ping'), dead: () => seen.push('dead') })
  vi.setSystemTime(Date.now() - 3_600_000)
  vi.advanceTimersByTime(45)
  heartbeat.stop()
  expect(seen).toEqual(['ping', 'ping', 'dead'])
})

test('time in which no timer ran is no silence', () => {
  const seen: string[] = []
  const heartbeat = startHeartbeat({ pingMs: 20, deadMs: 45 }, { ping: () => seen.push('ping'), dead: () => seen.push('dead') })
  const now = performance.now.bind(performance)
  vi.spyOn(performance, 'now').mockImplementation(() => now() + 1_000)
  vi.advanceTimersByTime(20)
  expect(seen).toEqual(['ping'])
  heartbeat.heard()
  vi.advanceTimersByTime(19)
  heartbeat.stop()
  expect([seen, vi.getTimerCount()]).toEqual([['ping'], 0])
})
