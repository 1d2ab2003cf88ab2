import { expect, test } from 'vitest'
import { createGatewayWorld, type GatewayWorld } from '../support/gateway.ts'
import { ask } from '../support/rest.ts'

const pasted = 'ab:cd:ef:01:23:45:67:89:ab:cd:ef:01:23:45:67:89:ab:cd:ef:01'
const web = { agent: 'web-1', uri: 'https://10.0.0.1:10933/', thumbprint: pasted, tags: ['production', 'role=web'] }

interface Told {
  readonly agent: { readonly version: string; readonly state: string; readonly since: string; readonly reason: string }
}

const added = async (world: GatewayWorld, agent: object = web): Promise<Told['agent']> =>
  ((await ask(world, 'POST /agents', agent)).body as Told).agent

test('an agent is added, read, changed and removed over HTTP, and the socket shows the same', async () => {
  await using world = await createGatewayWorld()
  const made = await ask(world, 'POST /agents', web)
  expect([made.status, made.headers.get('location')]).toEqual([201, 'agents/web-1'])
  expect(made.body).toMatchObject({
    agent: {
      id: 'web-1',
      name: 'web-1',
      thumbprint: pasted.replaceAll(':', '').toUpperCase(),
      tags: web.tags,
      state: 'offline',
      readOnly: false,
    },
  })
  const read = await ask(world, 'GET /agents/web-1')
  expect([read.body, read.headers.get('etag')]).toEqual([made.body, made.headers.get('etag')])
  const changed = await ask(world, 'PATCH /agents/web-1', { name: 'The web', tags: [] }, { 'if-match': read.headers.get('etag') ?? '' })
  expect(changed).toMatchObject({ status: 200, body: { agent: { name: 'The web', tags: [], uri: web.uri } } })
  const socket = await world.open()
  expect(await socket.ask(1, 'agents.get', { agent: 'web-1' })).toMatchObject({ result: changed.body })
  const gone = await ask(world, 'DELETE /agents/web-1', undefined, { 'if-match': changed.headers.get('etag') ?? '' })
  expect([gone.status, gone.body]).toEqual([204, undefined])
  expect(await ask(world, 'GET /agents/web-1')).toMatchObject({ status: 404 })
})

test('who changes what another one has changed is told so, and so is who does not say what it was', async () => {
  await using world = await createGatewayWorld()
  const { version } = await added(world)
  const first = await ask(world, 'PATCH /agents/web-1', { name: 'one' }, { 'if-match': `"${version}"` })
  expect(first.status).toBe(200)
  for (const request of ['PATCH /agents/web-1', 'DELETE /agents/web-1']) {
    const body = request.startsWith('PATCH') ? { name: 'two' } : undefined
    expect(await ask(world, request, body, { 'if-match': `"${version}"` })).toMatchObject({
      status: 412,
      body: { kind: 'version_conflict' },
    })
    expect(await ask(world, request, body)).toMatchObject({
      status: 428,
      body: { kind: 'version_conflict', detail: 'the header If-Match is missing' },
    })
    expect(await ask(world, request, body, { 'if-match': 'W/"x"' })).toMatchObject({ status: 412 })
  }
  expect(await ask(world, 'GET /agents/web-1')).toMatchObject({ body: { agent: { name: 'one' } } })
  expect((await ask(world, 'DELETE /agents/web-1', undefined, { 'if-match': '*' })).status).toBe(204)
})

test('of two who change one version at the same moment one is told that it is gone', async () => {
  await using world = await createGatewayWorld()
  const { version } = await added(world)
  const changes = ['one', 'two'].map(name => ask(world, 'PATCH /agents/web-1', { name }, { 'if-match': `"${version}"` }))
  expect((await Promise.all(changes)).map(({ status }) => status).sort()).toEqual([200, 412])
})

test('an agent that is disabled says since when and why, in list, detail and watch, and takes no calls until it is enabled', async () => {
  await using world = await createGatewayWorld()
  await added(world)
  const watching = await world.open()
  await watching.ask('w', 'agents.watch')
  const disabled = (await ask(world, 'POST /agents/web-1/disable', { reason: 'it is being moved' })).body as Told
  expect(disabled.agent).toMatchObject({ state: 'disabled', reason: 'it is being moved' })
  expect(Math.abs(Date.parse(disabled.agent.since) - Date.now())).toBeLessThan(60_000)
  expect(await ask(world, 'GET /agents/web-1')).toMatchObject({ body: disabled })
  expect(await ask(world, 'GET /agents?state=disabled')).toMatchObject({ body: { agents: [disabled.agent] } })
  expect(await watching.next()).toMatchObject({ params: { item: { type: 'changed', agents: [disabled.agent] } } })
  expect(await ask(world, 'POST /agents/web-1/calls', { service: 'S', method: 'M', args: [] })).toMatchObject({
    status: 503,
    body: { kind: 'agent_unavailable', delivery: 'not_sent' },
  })
  // Another reason is no other state.
  const again = (await ask(world, 'POST /agents/web-1/disable')).body as Told
  expect([again.agent.reason, again.agent.since]).toEqual(['disabled', disabled.agent.since])
  expect(await ask(world, 'POST /agents/web-1/enable')).toMatchObject({ status: 200, body: { agent: { state: 'offline' } } })
})

test.each([
  ['an id that is taken', { ...web, agent: 'taken' }, 409, 'conflict', undefined],
  ['an address without a host', { ...web, uri: 'https:///' }, 422, 'invalid_params', '/uri'],
  ['an address with a port that is none', { ...web, uri: 'https://host:99999/' }, 422, 'invalid_params', '/uri'],
  ['a thumbprint that is SHA-256', { ...web, thumbprint: 'A'.repeat(64) }, 422, 'invalid_params', '/thumbprint'],
  ['a tag twice', { ...web, tags: ['a', 'a'] }, 422, 'invalid_params', '/tags'],
  ['an unknown member', { ...web, disabled: true }, 422, 'invalid_params', '/disabled'],
  ['an address with a password', { ...web, uri: 'https://user:password@10.0.0.1:10933/' }, 422, 'invalid_params', '/uri'],
  ['a subscription that is another one’s', { ...web, agent: 'p2', uri: 'poll://taken/' }, 409, 'conflict', undefined],
] as const)('%s is refused with the place and the reason', async (_, agent, status, kind, path) => {
  await using world = await createGatewayWorld()
  await added(world, { ...web, agent: 'taken', uri: 'poll://taken/' })
  const { body, status: told } = await ask(world, 'POST /agents', agent)
  expect(told).toBe(status)
  expect(body).toMatchObject({ kind, ...(path === undefined ? {} : { errors: [{ path }] }) })
  expect(world.directory.ids()).toEqual(['a1', 'taken'])
})

test('an agent of the settings says that it is read-only, and is', async () => {
  await using world = await createGatewayWorld()
  world.agents.serve({ id: 'set', uri: 'poll://set/', thumbprint: 'C'.repeat(40) })
  expect(await ask(world, 'GET /agents/set')).toMatchObject({ body: { agent: { readOnly: true } } })
  for (const [request, body] of [
    ['PATCH /agents/set', { name: 'x' }],
    ['DELETE /agents/set', undefined],
    ['POST /agents/set/disable', undefined],
  ] as const) {
    expect(await ask(world, request, body, { 'if-match': '*' })).toMatchObject({
      status: 400,
      body: { kind: 'invalid_argument', advice: expect.stringContaining('settings') },
    })
  }
})

test('a list comes in pages, in which what is there all the time stands once, whatever comes and goes', async () => {
  await using world = await createGatewayWorld()
  for (const name of ['b', 'd', 'f', 'h', 'j']) await added(world, { ...web, agent: name })
  const seen: string[] = []
  let query = '?limit=2&tag=production'
  for (let page = 0; query !== ''; page++) {
    const { body, headers } = await ask(world, `GET /agents${query}`)
    const { agents, next } = body as { agents: { id: string }[]; next?: string }
    seen.push(...agents.map(({ id }) => id))
    const [, link] = /^<(.*)>; rel="next"$/.exec(headers.get('link') ?? '') ?? []
    expect(link?.includes(`cursor=${next}`)).toBe(next === undefined ? undefined : true)
    query = link ?? ''
    if (page > 0) continue
    // The one that the cursor names goes, and one comes before it and one behind.
    await ask(world, 'DELETE /agents/d', undefined, { 'if-match': '*' })
    await added(world, { ...web, agent: 'c' })
    await added(world, { ...web, agent: 'g' })
  }
  expect(seen).toEqual(['b', 'd', 'f', 'g', 'h', 'j'])
  expect(await ask(world, 'GET /agents?cursor=!')).toMatchObject({ status: 422, body: { errors: [{ path: '/cursor' }] } })
})

test('over HTTP a page has 100 entries where nobody says how many, and on the socket all of them', async () => {
  await using world = await createGatewayWorld()
  for (let i = 0; i < 150; i++) world.directory.add({ id: `x${i}`, uri: `poll://x${i}/`, thumbprint: 'B'.repeat(40) })
  const lengthOf = (body: unknown): number => (body as { agents: unknown[] }).agents.length
  const first = (await ask(world, 'GET /agents')).body as { next: string }
  const second = await ask(world, `GET /agents?cursor=${first.next}`)
  expect([lengthOf(first), lengthOf(second.body), second.headers.get('link')]).toEqual([100, 51, null])
  const socket = await world.open()
  expect(lengthOf(((await socket.ask(1, 'agents.list')) as { result: unknown }).result)).toBe(151)
})

test('the same Idempotency-Key with the same request gives the same answer, and with another one an error', async () => {
  await using world = await createGatewayWorld()
  const key = { 'idempotency-key': 'k' }
  const [first, joined] = await Promise.all([ask(world, 'POST /agents', web, key), ask(world, 'POST /agents', { ...web }, key)])
  const again = await ask(world, 'POST /agents', { tags: web.tags, thumbprint: web.thumbprint, uri: web.uri, agent: web.agent }, key)
  expect([first.status, joined.status, again.status]).toEqual([201, 201, 201])
  expect([joined.body, again.body]).toEqual([first.body, first.body])
  expect(await ask(world, 'POST /agents', { ...web, agent: 'web-2' }, key)).toMatchObject({
    status: 409,
    body: { kind: 'idempotency_conflict' },
  })
  // Somebody else’s key of the same name is another one.
  expect(await ask({ ...world, token: 'admin' }, 'POST /agents', web, key)).toMatchObject({ body: { kind: 'conflict' } })
  // What failed has changed nothing, and is tried again.
  const other = { 'idempotency-key': 'other' }
  expect((await ask(world, 'POST /agents', web, other)).status).toBe(409)
  await ask(world, 'DELETE /agents/web-1', undefined, { 'if-match': '*' })
  expect((await ask(world, 'POST /agents', web, other)).status).toBe(201)
  expect(await ask(world, 'POST /agents', web, { 'idempotency-key': 'x'.repeat(129) })).toMatchObject({ body: { kind: 'invalid_request' } })
})
