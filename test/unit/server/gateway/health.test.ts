import { expect, test } from 'vitest'
import type { GatewayPhase } from '../../../../server/src/gateway/routes/health.ts'
import { buildUnitGateway } from '../../../support/unit-gateway.ts'

test('/livez is 200 all the time, /startupz from when the gateway has started, /readyz only while it takes calls', async () => {
  let phase: GatewayPhase = 'starting'
  const app = await buildUnitGateway({ phase: () => phase })
  const get = async (url: string) => {
    const response = await app.inject({ url, headers: { host: 'gateway.example' } })
    expect(response.headers['cache-control']).toBe('no-store')
    return [response.statusCode, response.json()]
  }
  const ask = async () => [await get('/livez'), await get('/startupz'), await get('/readyz')]
  const ok = [200, { status: 'ok' }]
  expect(await ask()).toEqual([ok, [503, { status: 'starting' }], [503, { status: 'not ready' }]])
  phase = 'running'
  expect(await ask()).toEqual([ok, ok, ok])
  phase = 'stopping'
  expect(await ask()).toEqual([ok, ok, [503, { status: 'not ready' }]])
  await app.close()
})

test('the probes are answered under any Host, and nothing else is', async () => {
  const app = await buildUnitGateway()
  const headers = { host: '10.1.2.3:8642' }
  const urls = ['/livez', '/readyz', '/startupz', '/version', '/openrpc.json', '/nothing']
  const statuses = urls.map(async url => (await app.inject({ url, headers })).statusCode)
  expect(await Promise.all(statuses)).toEqual([200, 200, 200, 403, 403, 403])
  await app.close()
})
