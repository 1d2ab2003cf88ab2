import type { FastifyRequest } from 'fastify'
import { expect, test } from 'vitest'
import { gatewayLimits } from '../../../../server/src/base/limits.ts'
import { createCounter } from '../../../../server/src/gateway/plugins/rate-limit.ts'
import { buildUnitGateway } from '../../../support/unit-gateway.ts'

const rateLimits = { httpRequestsPerAddress: 5, httpRequestsPerToken: 3 }

async function open() {
  const app = await buildUnitGateway({ rateLimits })
  const ask = (url: string, remoteAddress: string, authorization?: string) =>
    app.inject({ url, remoteAddress, headers: { host: 'gateway.example', ...(authorization && { authorization }) } })
  const statuses = async (count: number, ...args: Parameters<typeof ask>) => {
    const seen: number[] = []
    for (let i = 0; i < count; i++) seen.push((await ask(...args)).statusCode)
    return seen
  }
  return { ask, statuses, [Symbol.asyncDispose]: () => app.close() }
}

test('too much from one address is refused with the time to wait, and costs no other address anything', async () => {
  await using it = await open()
  expect(await it.statuses(6, '/version', '192.0.2.1')).toEqual([200, 200, 200, 200, 200, 429])
  const refused = await it.ask('/nothing', '192.0.2.1')
  expect([refused.statusCode, refused.headers['content-type'], refused.json()]).toEqual([
    429,
    'application/problem+json; charset=utf-8',
    expect.objectContaining({ kind: 'too_many_calls', status: 429, retryAfterMs: expect.any(Number) }),
  ])
  const seconds = Number(refused.headers['retry-after'])
  expect(seconds).toBeGreaterThan(0)
  expect(seconds).toBeLessThanOrEqual(10)
  expect(await it.statuses(1, '/version', '192.0.2.2')).toEqual([200])
})

test('an IPv6 network of 64 bits counts as one address', async () => {
  await using it = await open()
  for (let i = 1; i <= 5; i++) expect(await it.statuses(1, '/version', `2001:db8::${i}`)).toEqual([200])
  expect(await it.statuses(1, '/version', '2001:db8::6')).toEqual([429])
  expect(await it.statuses(1, '/version', '2001:db8:0:1::6')).toEqual([200])
})

test('too much with one token is refused from wherever it comes', async () => {
  await using it = await open()
  const token = 'Bearer hgw_start_test'
  for (let i = 1; i <= 3; i++) expect(await it.statuses(1, '/version', `192.0.2.${i}`, token)).toEqual([200])
  expect(await it.statuses(1, '/version', '192.0.2.9', token)).toEqual([429])
  expect(await it.statuses(1, '/version', '192.0.2.9')).toEqual([200])
})

test('the probes are answered however often somebody asks', async () => {
  await using it = await open()
  expect(new Set(await it.statuses(20, '/livez', '192.0.2.1'))).toEqual(new Set([200]))
  expect(await it.statuses(1, '/version', '192.0.2.1')).toEqual([200])
})

test('a counter forgets whom it heard of longest ago, and nobody before there are as many as LIMITS.md says', async () => {
  await using app = await buildUnitGateway()
  let caller = ''
  const count = createCounter(app, { timeWindow: 3_600_000, max: 1, keyGenerator: () => caller })
  const isTooMuch = async (name: string): Promise<boolean> => {
    caller = name
    return (await count({ routeOptions: {} } as FastifyRequest)) !== undefined
  }
  const others = async (prefix: string, many: number): Promise<void> => {
    for (let i = 0; i < many; i++) await isTooMuch(`${prefix}${i}`)
  }
  expect(await isTooMuch('first')).toBe(false)
  await others('a', gatewayLimits.ratedCallers - 1)
  expect(await isTooMuch('first')).toBe(true)
  await others('b', gatewayLimits.ratedCallers)
  expect(await isTooMuch('first')).toBe(false)
})
