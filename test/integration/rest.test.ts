import { request as httpRequest } from 'node:http'
import { ProblemSchema } from '@halibut-gateway/schemas'
import { facadeLimits } from '@halibut-gateway/schemas/wire'
import { Value } from '@sinclair/typebox/value'
import { expect, test } from 'vitest'
import { gatewayLimits } from '../../server/src/base/limits.ts'
import { createGatewayWorld, type GatewayWorld } from '../support/gateway.ts'
import { type Answer, ask } from '../support/rest.ts'
import { until } from '../support/stream-sections.ts'

const calls = 'POST /agents/a1/calls'
const add = { service: 'IProbeService', method: 'Add(int64,int64)', args: ['1', '2'] }

/** Fails where it is no problem document as the schema has it. */
function problem({ status, headers, body }: Answer): Record<string, unknown> {
  expect(headers.get('content-type')).toContain('application/problem+json')
  expect([...Value.Errors(ProblemSchema, body)]).toEqual([])
  expect(body).toMatchObject({ status })
  return body as Record<string, unknown>
}

test('a method answers over HTTP what it answers over the socket', async () => {
  await using world = await createGatewayWorld()
  const socket = await world.open()
  for (const [request, method, params] of [
    ['GET /agents', 'agents.list', {}],
    ['GET /agents/a1', 'agents.get', { agent: 'a1' }],
    ['GET /contracts', 'contracts.list', {}],
    ['GET /contracts/IProbeService', 'contracts.get', { service: 'IProbeService' }],
    ['GET /calls/k?epoch=another', 'calls.get', { idempotencyKey: 'k', epoch: 'another' }],
  ] as const) {
    const answer = await ask(world, request)
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(await socket.ask(method, method, params)).toMatchObject({ result: answer.body })
  }
})

test('an agent is called over HTTP', async () => {
  await using world = await createGatewayWorld()
  expect(await ask(world, calls, add)).toMatchObject({ status: 200, body: { value: '3', signature: 'Add(int64,int64)' } })
  expect(world.calls).toMatchObject([{ method: 'Add(int64,int64)', args: [1n, 2n] }])
})

test('a call with an idempotency key runs once, and the epoch that it needs stands in every answer', async () => {
  await using world = await createGatewayWorld()
  const refused = await ask(world, calls, add, { 'idempotency-key': 'k' })
  expect(problem(refused)).toMatchObject({ kind: 'invalid_params', errors: [{ path: '/epoch' }] })
  const epoch = refused.headers.get('halibut-epoch')
  const answers = [
    await ask(world, calls, { ...add, epoch }, { 'idempotency-key': 'k' }),
    await ask(world, calls, { ...add, idempotencyKey: 'k', epoch }),
  ]
  expect(answers[1]?.body).toEqual(answers[0]?.body)
  expect(world.calls).toHaveLength(1)
  expect(problem(await ask(world, calls, { ...add, args: ['2', '2'], epoch }, { 'idempotency-key': 'k' }))).toMatchObject({
    kind: 'idempotency_conflict',
    status: 409,
  })
  expect(await ask(world, `GET /calls/k?epoch=${epoch}`)).toMatchObject({ body: { state: 'answered', result: answers[0]?.body } })
})

test('every failure is a problem of the one table, with what the error of the socket tells', async () => {
  await using world = await createGatewayWorld()
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
  const traced = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` }
  expect(problem(await ask(world, 'GET /agents/nobody', undefined, traced))).toMatchObject({
    type: '/problems/agent_not_found',
    status: 404,
    detail: 'there is no agent nobody',
    agent: 'nobody',
    delivery: 'not_sent',
    traceId,
  })
  expect(problem(await ask(world, calls, { ...add, args: ['1', {}] }))).toMatchObject({
    kind: 'invalid_params',
    errors: [{ path: '/args/1' }],
  })
  expect(problem(await ask(world, calls, { service: 'IProbeService', method: 'Fail', args: ['no'] }))).toMatchObject({
    kind: 'service_failed',
    status: 502,
    delivery: 'executed',
    remote: { message: 'no' },
  })
  expect(problem(await ask(world, 'GET /nowhere'))).toMatchObject({ kind: 'not_found' })
  expect(problem(await ask({ ...world, token: 'hgw_wrong' }, 'GET /agents'))).toMatchObject({ kind: 'unauthorized', status: 401 })
})

test.each([
  ['a member that the path has', calls, { ...add, agent: 'a1' }, 'invalid_params', '/agent'],
  ['a member in query and body', `${calls}?service=X`, add, 'invalid_params', '/service'],
  ['a parameter that is not there', 'GET /agents/a1?x=1', undefined, 'invalid_params', '/x'],
  ['a body that is no object', calls, '[]', 'invalid_params', ''],
  ['a name that is no agent’s', 'GET /agents/%20', undefined, 'invalid_params', '/agent'],
  ['__proto__ in the body', calls, '{"__proto__":{"a":1}}', 'invalid_params', '/__proto__'],
  ['text that is no JSON', calls, '{"service":', 'parse_error', undefined],
  ['JSON that is too deep', calls, '['.repeat(facadeLimits.jsonDepth + 1), 'invalid_request', undefined],
  ['a body that is too long', calls, ' '.repeat(facadeLimits.textBytes + 1), 'message_too_large', undefined],
] as const)('%s is refused with the place and the reason', async (_, request, body, kind, path) => {
  await using world = await createGatewayWorld()
  const told = problem(await ask(world, request, body))
  expect(told['kind']).toBe(kind)
  if (path !== undefined) expect((told['errors'] as { path: string }[]).map(each => each.path)).toContain(path)
  expect(world.calls).toEqual([])
})

test('a body that is no JSON by its type is not read', async () => {
  await using world = await createGatewayWorld()
  expect(problem(await ask(world, calls, 'a=1', { 'content-type': 'application/x-www-form-urlencoded' }))).toMatchObject({ status: 415 })
})

test('no body is read of somebody who is not known', async () => {
  await using world = await createGatewayWorld()
  const { port } = new URL(world.origin)
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const request = httpRequest({
      port,
      method: 'POST',
      path: '/api/v1/agents/a1/calls',
      headers: { 'content-type': 'application/json', 'content-length': 100 },
    })
    request.on('response', response => {
      resolve(response.statusCode)
      request.destroy()
    })
    request.on('error', reject)
    // All but the end: whoever reads the body first waits for it.
    request.write('{')
  })
  expect(status).toBe(401)
})

test('who closes the connection cancels the call', async () => {
  await using world = await createGatewayWorld()
  const stop = new AbortController()
  const asked = fetch(`${world.origin}/api/v1/agents/a1/calls`, {
    method: 'POST',
    headers: { authorization: `Bearer ${world.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ service: 'IProbeService', method: 'Forever', args: [] }),
    signal: stop.signal,
  })
  await until(() => world.calls.length === 1)
  const { signal } = world.calls[0] ?? {}
  const aborted = new Promise(resolve => signal?.addEventListener('abort', resolve))
  stop.abort()
  await expect(asked).rejects.toThrow()
  await aborted
  expect(signal?.reason).toMatchObject({ kind: 'cancelled' })
})

test('a principal has so many requests at the same time and no more, and a gateway that stops answers them', async () => {
  await using world = await createGatewayWorld()
  const forever = { service: 'IProbeService', method: 'Forever', args: [] }
  const running = Array.from({ length: gatewayLimits.httpCallsInFlight }, () => ask(world, calls, forever))
  await until(() => world.calls.length === gatewayLimits.httpCallsInFlight)
  expect(problem(await ask(world, 'GET /agents'))).toMatchObject({ kind: 'too_many_calls', status: 429, retryable: true })
  await world.drain(1)
  for (const answer of await Promise.all(running))
    expect(problem(answer)).toMatchObject({ kind: 'closed', status: 503, delivery: 'unknown' })
  expect(problem(await ask(world, 'GET /agents'))).toMatchObject({ kind: 'draining', delivery: 'not_sent' })
})

test('data streams do not travel over HTTP: that is said before anything runs where it can be known', async () => {
  await using world: GatewayWorld = await createGatewayWorld()
  const streams = { service: 'IProbeService', method: 'Download', args: [] }
  expect(problem(await ask(world, calls, streams))).toMatchObject({
    kind: 'invalid_request',
    delivery: 'not_sent',
    detail: 'Download answers with a data stream, which cannot travel over HTTP',
  })
  const untyped = { service: 'IUnknown', method: 'Upload', args: [1, { $stream: 1, length: 3 }] }
  expect(problem(await ask(world, calls, untyped))).toMatchObject({ kind: 'invalid_params', errors: [{ path: '/args/1' }] })
  expect(world.calls).toEqual([])
  expect(problem(await ask(world, calls, { ...streams, service: 'IUnknown' }))).toMatchObject({
    kind: 'serialization_failed',
    delivery: 'executed',
  })
  expect(world.calls).toHaveLength(1)
})

test('a long result comes whole', async () => {
  await using world = await createGatewayWorld()
  const name = 'ü"'.repeat(200_000)
  expect(await ask(world, calls, { service: 'IProbeService', method: 'Hello', args: [name] })).toMatchObject({
    body: { value: `Hello ${name}` },
  })
})

test('a page of an origin on the list may send and read the headers of the API', async () => {
  await using world = await createGatewayWorld()
  const { headers } = await ask(world, 'GET /agents', undefined, { origin: world.origin })
  expect(headers.get('access-control-expose-headers')).toBe('etag, link, location, retry-after, halibut-epoch')
})
