import { expect, test } from 'vitest'
import { silentLog } from '../../../../server/src/base/log.ts'
import { AgentDirectory } from '../../../../server/src/fleet/agent-directory.ts'
import { ContractDirectory } from '../../../../server/src/fleet/contract-directory.ts'
import { buildGateway } from '../../../../server/src/gateway/app.ts'
import { OriginPolicy } from '../../../../server/src/gateway/origin-policy.ts'
import { startTokenSignIn } from '../../../../server/src/gateway/sign-in.ts'

const unused = (): never => {
  throw new Error('not used here')
}

test('/readyz is 200 while the gateway takes calls, 503 before and after; /livez is 200 all the time', async () => {
  let ready = false
  const app = await buildGateway({
    mesh: { call: unused, probe: unused, trust: unused, removeTrust: unused, disconnect: unused, on: unused },
    directory: new AgentDirectory(),
    contracts: new ContractDirectory(),
    signIn: startTokenSignIn('hgw_start_test'),
    policy: new OriginPolicy({ hosts: ['gateway.example'] }),
    log: silentLog,
    isReady: () => ready,
    version: '0.0.0',
  })
  const get = async (url: string) => {
    const response = await app.inject({ url, headers: { host: 'gateway.example' } })
    expect(response.headers['cache-control']).toBe('no-store')
    return [response.statusCode, response.json()]
  }
  expect([await get('/readyz'), await get('/livez')]).toEqual([
    [503, { status: 'not ready' }],
    [200, { status: 'ok' }],
  ])
  ready = true
  expect(await get('/readyz')).toEqual([200, { status: 'ok' }])
  ready = false
  expect([await get('/readyz'), await get('/livez')]).toEqual([
    [503, { status: 'not ready' }],
    [200, { status: 'ok' }],
  ])
  await app.close()
})

test('the probes are answered under any Host, and nothing else is', async () => {
  const app = await buildGateway({
    mesh: { call: unused, probe: unused, trust: unused, removeTrust: unused, disconnect: unused, on: unused },
    directory: new AgentDirectory(),
    contracts: new ContractDirectory(),
    signIn: startTokenSignIn('hgw_start_test'),
    policy: new OriginPolicy({ hosts: ['gateway.example'] }),
    log: silentLog,
    version: '0.0.0',
  })
  const headers = { host: '10.1.2.3:8642' }
  const statuses = ['/livez', '/readyz', '/openrpc.json', '/nothing'].map(async url => (await app.inject({ url, headers })).statusCode)
  expect(await Promise.all(statuses)).toEqual([200, 200, 403, 403])
  await app.close()
})
