import type { RulesDocument } from '@halibut-gateway/schemas'
import { method, service, string } from '@halibut-gateway/schemas/contract'
import { expect, test, vi } from 'vitest'
import { createGatewayWorld, type GatewayWorld, type TestSocket } from '../support/gateway.ts'
import { knockOf } from '../support/knocks.ts'
import { type Answer, ask } from '../support/rest.ts'

/** Puts these rules in force, as an admin. */
async function writeRules(world: GatewayWorld, rules: RulesDocument['rules']): Promise<void> {
  const admin = await world.open()
  const document = { rules }
  expect(await admin.ask(2, 'rules.set', { version: '*', document })).toMatchObject({ result: { rules: { document } } })
}

function invoke(socket: TestSocket, agent: string, name = 'Hello', of = 'IProbeService') {
  return socket.ask(`${agent} ${of} ${name}`, 'agent.invoke', { agent, service: of, method: name, args: ['you'] })
}

test('not found, not allowed and not there are three answers', async () => {
  await using world = await createGatewayWorld()
  world.directory.add({ id: 'a2', uri: 'https://127.0.0.1:1/', thumbprint: 'A'.repeat(40), disabled: true })
  world.directory.add({ id: 'b1', uri: 'https://127.0.0.1:2/', thumbprint: 'A'.repeat(40) })
  await writeRules(world, [{ name: 'as', who: ['role:operator'], agents: ['a*'] }])
  const operator = await world.open('operator')
  expect(await invoke(operator, 'a1')).toMatchObject({ result: { value: 'Hello you' } })
  expect(await invoke(operator, 'a9')).toMatchObject({ error: { data: { kind: 'agent_not_found' } } })
  expect(await invoke(operator, 'a2')).toMatchObject({ error: { data: { kind: 'agent_unavailable' } } })
  // Whether there is one that may not be seen is not told.
  for (const agent of ['b1', 'b9']) {
    const nothing = { error: { message: `there is no agent ${agent}`, data: { kind: 'agent_not_found', delivery: 'not_sent' } } }
    expect(await invoke(operator, agent)).toMatchObject(nothing)
    expect(await operator.ask(agent, 'agents.get', { agent })).toMatchObject(nothing)
  }
  expect(world.calls.length).toBe(1)
})

test('a rule is for methods by their names, with a signature or without', async () => {
  await using world = await createGatewayWorld()
  await writeRules(world, [{ name: 'add', who: ['operator'], agents: ['*'], services: ['IProbe*'], methods: ['Add'] }])
  const operator = await world.open('operator')
  const add = { agent: 'a1', service: 'IProbeService', method: 'Add(int64,int64)', args: ['1', '2'] }
  expect(await operator.ask(1, 'agent.invoke', add)).toMatchObject({ result: { value: '3' } })
  for (const method of ['Hello', 'Hello(string)', 'add', 'Add ', 'AddAll'])
    expect(await invoke(operator, 'a1', method)).toMatchObject({ error: { data: { kind: 'forbidden' } } })
  expect(await invoke(operator, 'a1', 'Add', 'IOther')).toMatchObject({ error: { data: { kind: 'forbidden' } } })
})

test('a contract that several agents have for themselves is told by one of which the caller may know', async () => {
  await using world = await createGatewayWorld()
  const contract = JSON.parse(JSON.stringify(service('IOwn', { Ping: method([], string) })))
  for (const agent of ['b1', 'c1', 'd1']) {
    world.directory.add({ id: agent, uri: `poll://${agent}/`, thumbprint: 'A'.repeat(40) })
    expect((await ask(world, 'POST /contracts', { contract, agent })).status).toBe(201)
  }
  await writeRules(world, [{ name: 'c', who: ['viewer'], agents: ['c1'] }])
  const viewer = await world.open('viewer')
  expect(await viewer.ask(1, 'contracts.get', { service: 'IOwn' })).toMatchObject({ result: { entry: { agent: 'c1' } } })
})

test('lists and watches show what the caller may see, and follow the rules', async () => {
  await using world = await createGatewayWorld()
  world.directory.add({ id: 'b1', uri: 'https://127.0.0.1:2/', thumbprint: 'A'.repeat(40), tags: ['prod'] })
  await writeRules(world, [{ name: 'prod', who: ['viewer'], agents: ['tag:prod'], services: ['IOther'] }])
  const [viewer, admin] = [await world.open('viewer'), await world.open()]
  expect(await viewer.ask(1, 'agents.list')).toMatchObject({ result: { agents: [{ id: 'b1' }] } })
  expect(await admin.ask(1, 'agents.list')).toMatchObject({ result: { agents: [{ id: 'a1' }, { id: 'b1' }] } })
  expect(await viewer.ask(2, 'contracts.list')).toMatchObject({ result: { contracts: [] } })
  expect(await viewer.ask(3, 'contracts.get', { service: 'IProbeService' })).toMatchObject({
    error: { data: { kind: 'service_not_found' } },
  })
  expect(await viewer.ask('w', 'agents.watch')).toMatchObject({ params: { item: { type: 'snapshot', agents: [{ id: 'b1' }] } } })
  await writeRules(world, [{ name: 'a', who: ['viewer'], agents: ['a1'] }])
  const items = [await viewer.next(), await viewer.next()]
  expect(items).toMatchObject([
    { params: { item: { type: 'changed', agents: [{ id: 'a1' }] } } },
    { params: { item: { type: 'removed', ids: ['b1'] } } },
  ])
  expect(await viewer.ask(4, 'contracts.list')).toMatchObject({ result: { contracts: [{ service: 'IProbeService' }] } })
})

test('who knocks and whose certificates are known is told as far as the agents may be seen that it is about', async () => {
  await using world = await createGatewayWorld()
  world.directory.add({ id: 'b1', uri: 'poll://b1/', thumbprint: 'B'.repeat(40), tags: ['prod'] })
  await world.trust.revoke('E'.repeat(40), 'ada')
  const knock = (letter: string, agent?: string) =>
    world.trust.pending.note(knockOf(letter), { cause: 'unknown', reason: `it is ${letter}`, advice: 'look', agent, expected: undefined })
      .id
  const [ofA, ofB, ofNobody, ofGone] = [knock('1', 'a1'), knock('2', 'b1'), knock('3'), knock('4', 'gone')]
  await writeRules(world, [{ name: 'prod', who: ['operator'], agents: ['tag:prod'] }])
  const [operator, admin] = [await world.open('operator'), await world.open()]
  const pendingOf = async (socket: TestSocket) =>
    ((await socket.ask('p', 'trust.pending')) as { result: { pending: { id: string }[] } }).result.pending.map(({ id }) => id)
  const knownTo = async (socket: TestSocket) =>
    (
      (await socket.ask('t', 'trust.thumbprints')) as { result: { certificates: { thumbprint: string; agents: string[] }[] } }
    ).result.certificates
      .map(({ thumbprint, agents }) => `${thumbprint[0]} ${agents.join()}`)
      .sort()
  expect([await pendingOf(operator), await knownTo(operator)]).toEqual([
    [ofB, ofNobody],
    ['B b1', 'E '],
  ])
  expect([await pendingOf(admin), await knownTo(admin)]).toEqual([
    [ofA, ofB, ofNobody, ofGone],
    ['A a1', 'B b1', 'E '],
  ])
  const snapshot = { params: { item: { type: 'snapshot', pending: [{ id: ofB }, { id: ofNobody }] } } }
  expect(await operator.ask('w', 'trust.watch')).toMatchObject(snapshot)
  knock('1', 'a1')
  await writeRules(world, [{ name: 'a', who: ['operator'], agents: ['a1'] }])
  expect([await operator.next(), await operator.next()]).toMatchObject([
    { params: { item: { type: 'removed', ids: [ofB] } } },
    { params: { item: { type: 'changed', pending: [{ id: ofA, count: 2 }] } } },
  ])
})

test('machines with one certificate are told of the agents that may be seen, and follow the rules', async () => {
  await using world = await createGatewayWorld()
  world.directory.add({ id: 'b1', uri: 'poll://b1/', thumbprint: 'B'.repeat(40), tags: ['prod'] })
  const clonesOf = (agent: string, letter: string) => {
    const held = [{ address: '10.0.0.3', heldMs: 1_000, by: 'ada' }]
    return { agent, subscription: `poll://${agent}/`, thumbprint: letter.repeat(40), addresses: ['10.0.0.1', '10.0.0.2'], held }
  }
  vi.spyOn(world.trust.clones, 'list').mockReturnValue([clonesOf('a1', 'A'), clonesOf('b1', 'B')])
  const [operator, admin] = [await world.open('operator'), await world.open()]
  const toldTo = async (socket: TestSocket) =>
    ((await socket.ask('p', 'trust.pending')) as { result: { clones: { agent: string }[] } }).result.clones.map(({ agent }) => agent)
  expect(await toldTo(operator)).toEqual(['a1', 'b1'])
  await writeRules(world, [{ name: 'prod', who: ['operator'], agents: ['tag:prod'] }])
  expect([await toldTo(operator), await toldTo(admin)]).toEqual([['b1'], ['a1', 'b1']])
  await writeRules(world, [{ name: 'a', who: ['operator'], agents: ['a1'] }])
  expect(await toldTo(operator)).toEqual(['a1'])
})

test('rules are previewed, refused where they do not pass their own tests, and written for the version that was seen', async () => {
  await using world = await createGatewayWorld()
  const admin = await world.open()
  const tests = [{ who: 'ci', role: 'operator', agent: 'a1', service: 'IProbeService', method: 'Hello', possible: true }] as const
  const document = { rules: [], tests }
  const lost = { who: 'ci', role: 'operator', agent: 'a1', change: 'loses' }
  const preview = (await admin.ask(1, 'rules.preview', { document })) as { result: { changes: object[]; more: number } }
  const ofCi = preview.result.changes.filter(change => 'who' in change && change.who === 'ci')
  expect(ofCi.slice(0, 3)).toMatchObject([
    { ...lost, right: 'agents.read', reason: 'no rule lets ci see the agent a1' },
    { ...lost, right: 'agents.call', service: 'IProbeService', method: 'Add' },
    { ...lost, right: 'agents.call', service: 'IProbeService', method: 'Hello' },
  ])
  expect(await admin.ask(2, 'rules.set', { version: '0', document })).toMatchObject({
    error: { message: expect.stringContaining('tests/0: must be possible, but no rule lets ci'), data: { kind: 'invalid_argument' } },
  })
  const better = { ...document, rules: [{ name: 'ci', who: ['ci'], agents: ['a*'] }] }
  expect(await admin.ask(3, 'rules.set', { version: '1', document: better })).toMatchObject({
    error: { data: { kind: 'version_conflict' } },
  })
  expect(await admin.ask(4, 'rules.set', { version: '0', document: better })).toMatchObject({ result: { rules: { version: '1' } } })
  expect(await admin.ask(5, 'rules.get')).toMatchObject({ result: { rules: { version: '1', document: better } } })
  const bad = { rules: [{ name: 'x', who: ['role:boss'], agents: ['*'] }] }
  expect(await admin.ask(6, 'rules.preview', { document: bad })).toMatchObject({
    error: { message: expect.stringContaining('rules/0/who/0') },
  })
  const worse = { rules: [{ name: 'x', who: ['x'], agents: ['*'], deny: true }] }
  expect(await admin.ask(7, 'rules.set', { version: '1', document: worse })).toMatchObject({
    error: { data: { kind: 'invalid_params', errors: [{ path: '/document/rules/0/deny' }] } },
  })
})

test('a question is answered with the rule that decides it, by the present rules or by others, as far as the role and the token go', async () => {
  await using world = await createGatewayWorld()
  await writeRules(world, [
    { name: 'see', who: ['role:operator'], agents: ['a*'], services: [] },
    { name: 'hello', who: ['ci', 'narrow'], agents: ['tag:prod'], methods: ['Hello'], reason: 'the build says hello' },
  ])
  world.directory.add({ id: 'b1', uri: 'https://127.0.0.1:2/', thumbprint: 'A'.repeat(40), tags: ['prod'] })
  await world.tokens.create({ name: 'narrow', role: 'operator', createdBy: 'start', scope: [{ agents: ['web-*'] }] })
  const admin = await world.open()
  let id = 0
  const explain = async (params: object): Promise<unknown> => {
    const told = (await admin.ask(++id, 'rules.explain', params)) as { result?: object; error?: object }
    return told.result ?? told.error
  }
  const hello = { who: 'ci', role: 'operator', agent: 'b1', service: 'IProbeService', method: 'Hello(string)' }
  expect(await explain(hello)).toEqual({
    ...{ allowed: true, who: 'ci', role: 'operator', right: 'agents.call', rule: 'hello', place: 'rules/1' },
    reason: 'the build says hello',
  })
  expect(await explain({ ...hello, method: 'Add' })).toMatchObject({
    allowed: false,
    reason: 'no rule lets ci call IProbeService.Add of the agent b1',
  })
  expect(await explain({ who: 'ci', role: 'viewer', agent: 'b1', service: 'IProbeService' })).toMatchObject({
    allowed: false,
    reason: 'the role viewer has not got the right agents.call',
  })
  expect(await explain({ who: 'operator', agent: 'a1' })).toMatchObject({
    allowed: true,
    role: 'operator',
    right: 'agents.read',
    rule: 'see',
  })
  expect(await explain({ ...hello, who: 'narrow', role: undefined })).toMatchObject({
    allowed: false,
    scoped: true,
    reason: 'the token narrow is not for this: to call IProbeService.Hello of the agent b1',
  })
  // An agent that is not there yet, by its tags; and by rules that do not count yet.
  expect(await explain({ ...hello, agent: 'new', tags: ['prod'] })).toMatchObject({ allowed: true })
  expect(await explain({ ...hello, document: { rules: [] } })).toMatchObject({ allowed: false })
  expect(await explain({ who: 'nobody', agent: 'a1' })).toMatchObject({
    data: { kind: 'invalid_params', errors: [{ path: '/role' }] },
  })
})

test('a preview tells what comes of each test by the rules that are previewed', async () => {
  await using world = await createGatewayWorld()
  const admin = await world.open()
  const tests = [
    { who: 'ci', role: 'operator', agent: 'a1', possible: true },
    { who: 'ci', role: 'operator', agent: 'a1', service: 'IProbeService', possible: false },
  ]
  const document = { rules: [{ name: 'all', who: ['*'], agents: ['*'] }], tests }
  expect(await admin.ask(1, 'rules.preview', { document })).toMatchObject({
    result: {
      tests: [
        { place: 'tests/0', passed: true, reason: 'the rule all allows it' },
        { place: 'tests/1', passed: false, reason: 'the rule all allows it' },
      ],
    },
  })
})

test('a preview goes through everybody who can sign in now, each once, as far as their tokens go', async () => {
  await using world = await createGatewayWorld()
  const make = (name: string, more: object = {}) => world.tokens.create({ name, role: 'viewer', createdBy: 'start', ...more })
  await make('dashboard')
  await make('narrow', { scope: [{ agents: ['web-*'] }] })
  const { record } = await make('gone')
  await world.tokens.revoke(record.id)
  const admin = await world.open()
  const tests = [{ who: 'dashboard', role: 'viewer', agent: 'a1', possible: false }]
  const { result } = (await admin.ask(1, 'rules.preview', { document: { rules: [], tests } })) as { result: { changes: { who: string }[] } }
  // Two with the tokens of these tests; an admin loses nothing, and narrow never saw it.
  expect([...new Set(result.changes.map(({ who }) => who))].sort()).toEqual(['dashboard', 'operator', 'viewer'])
  expect(result.changes.filter(({ who }) => who === 'dashboard')).toEqual([
    { who: 'dashboard', role: 'viewer', right: 'agents.read', agent: 'a1', change: 'loses', reason: expect.any(String) },
  ])
})

test('over HTTP, an agent that may not be seen is not found as one that is not there; one that may not be called is refused', async () => {
  await using world = await createGatewayWorld()
  world.directory.add({ id: 'a2', uri: 'https://127.0.0.1:1/', thumbprint: 'A'.repeat(40), disabled: true })
  world.directory.add({ id: 'b1', uri: 'https://127.0.0.1:2/', thumbprint: 'A'.repeat(40) })
  await writeRules(world, [
    { name: 'seen', who: ['role:operator'], agents: ['a*'], services: [] },
    { name: 'hello', who: ['role:operator'], agents: ['a*'], methods: ['Hello'] },
  ])
  const operator = { ...world, token: 'operator' }
  const call = (agent: string, method: string) =>
    ask(operator, `POST /agents/${agent}/calls`, { service: 'IProbeService', method, args: ['you'] })
  const told = ({ status, body }: Answer): unknown => {
    const { traceId: _, ...rest } = body as Record<string, unknown>
    return JSON.parse(JSON.stringify([status, rest]).replaceAll(/[ab]\d/g, '?'))
  }
  const missing = { status: 404, body: { kind: 'agent_not_found', delivery: 'not_sent' } }
  for (const ask404 of [
    (id: string) => ask(operator, `GET /agents/${id}`),
    (id: string) => call(id, 'Hello'),
    (id: string) => call(id, 'Add'),
  ]) {
    const [hidden, none] = [await ask404('b1'), await ask404('b9')]
    expect(hidden).toMatchObject(missing)
    expect(told(hidden)).toEqual(told(none))
    expect(told(await ask404('a9'))).toEqual(told(none))
  }
  expect(await call('a1', 'Add')).toMatchObject({ status: 403, body: { kind: 'forbidden', delivery: 'not_sent' } })
  expect(await call('a2', 'Hello')).toMatchObject({ status: 503, body: { kind: 'agent_unavailable' } })
  expect(await call('a1', 'Hello')).toMatchObject({ status: 200, body: { value: 'Hello you' } })
  // Whose role has no right to call learns nothing of agents.
  const viewer = { ...world, token: 'viewer' }
  expect(told(await ask(viewer, 'POST /agents/b1/calls', {}))).toEqual(told(await ask(viewer, 'POST /agents/b9/calls', {})))
})

test('of an agent the services are shown that a rule reaches, in list, detail and watch, and follow the rules', async () => {
  await using world = await createGatewayWorld()
  world.directory.add({ id: 'b1', uri: 'https://127.0.0.1:2/', thumbprint: 'A'.repeat(40), services: ['IOne', 'ITwo'] })
  await writeRules(world, [{ name: 'one', who: ['viewer'], agents: ['b1'], services: ['IOne'] }])
  const viewer = await world.open('viewer')
  const shown = { agents: [{ id: 'b1', services: ['IOne'] }] }
  expect(await viewer.ask(1, 'agents.list')).toMatchObject({ result: shown })
  expect(await viewer.ask(2, 'agents.get', { agent: 'b1' })).toMatchObject({ result: { agent: { services: ['IOne'] } } })
  expect(await viewer.ask('w', 'agents.watch')).toMatchObject({ params: { item: shown } })
  await writeRules(world, [{ name: 'two', who: ['viewer'], agents: ['b1'], services: ['ITwo'] }])
  expect(await viewer.next()).toMatchObject({ params: { item: { type: 'changed', agents: [{ services: ['ITwo'] }] } } })
  expect(await (await world.open()).ask(1, 'agents.get', { agent: 'b1' })).toMatchObject({
    result: { agent: { services: ['IOne', 'ITwo'] } },
  })
})
