import { setTimeout as later } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createClient } from '../../client-sdk/src/index.ts'
import { Audit } from '../../server/src/audit/audit.ts'
import { testIdentity } from '../support/certificates.ts'
import { createGatewayWorld } from '../support/gateway.ts'
import { openMemoryStore } from '../support/memory-store.ts'
import { nodeWebSocket } from '../support/node-websocket.ts'
import { ask } from '../support/rest.ts'

/** A gateway whose audit log has so many entries. */
async function createWorld(count = 0) {
  const store = openMemoryStore()
  const audit = new Audit(store, () => testIdentity('gateway'))
  for (let number = 1; number <= count; number++)
    await audit.record({ who: 'ann', action: 'agents.add', agent: `a${number}`, outcome: 'done' })
  const world = await createGatewayWorld({ audit })
  const client = createClient({ url: world.origin, token: world.token, webSocket: nodeWebSocket })
  return {
    world,
    store,
    audit,
    client,
    async [Symbol.asyncDispose]() {
      client.close()
      await world[Symbol.asyncDispose]()
      await store.close()
    },
  }
}

test('who follows the audit log is told of entries as they come, those that fit, and that this is written down too', async () => {
  await using it = await createWorld(3)
  const stop = new AbortController()
  const items = it.client.watch('audit.watch', { signal: stop.signal, params: { after: 1, who: 'ann' } })
  const next = async (): Promise<number[]> => {
    const item = await items.next()
    return item.done ? [-1] : item.value.entries.map(({ sequence }) => sequence)
  }
  expect([await next(), await next()]).toEqual([[], [2, 3]])
  await it.audit.record({ who: 'bob', action: 'agents.add', outcome: 'done' })
  await it.audit.record({ who: 'ann', action: 'agents.remove', outcome: 'done' })
  expect(await next()).toEqual([6])
  await items.return()
  await expect
    .poll(async () => (await it.store.audit.read({ before: 99, limit: 1 }))[0]?.text)
    .toContain('"action":"audit.watch","outcome":"cancelled","facts":{"watch":"ended"}')
})

test('a reader that is slow gets everything all the same, in items of a bounded size', async () => {
  await using it = await createWorld()
  const items = it.client.watch('audit.watch', { params: { after: 0, action: 'x' } })
  await items.next()
  const long = 'y'.repeat(500)
  await Promise.all(
    Array.from({ length: 450 }, (_, i) => it.audit.record({ who: 'ann', action: 'x', outcome: 'done', facts: { long, i } })),
  )
  await later(20)
  const found: unknown[] = []
  let most = 0
  while (found.length < 450) {
    const { value } = await items.next()
    if (!value) break
    most = Math.max(most, JSON.stringify(value).length)
    found.push(...value.entries.map(({ facts }) => facts?.['i']))
  }
  expect(found).toEqual(Array.from({ length: 450 }, (_, i) => i))
  expect(most).toBeLessThan(160_000)
  await items.return()
})

test('an entry is told with what its hash is made of and those beside it; one that is not there is not found', async () => {
  await using it = await createWorld(3)
  const { entry, before, after, previousHash, follows, text, atMs } = await it.client.request('audit.get', { sequence: 2 })
  expect([entry.sequence, before?.sequence, after?.sequence, follows]).toEqual([2, 1, 3, true])
  const [first, second] = await it.store.audit.read({ limit: 2 })
  expect([previousHash, text, atMs]).toEqual([first?.hash, second?.text, second?.atMs])
  expect(await it.client.request('audit.get', { sequence: 1 })).toMatchObject({ previousHash: '0'.repeat(64), follows: true })
  await expect(it.client.request('audit.get', { sequence: 99 })).rejects.toMatchObject({
    kind: 'not_found',
    message: expect.stringMatching(/^the audit log has no entry 99: the newest is \d+$/),
  })
  const told = await ask(it.world, 'GET /audit/2')
  expect([told.status, told.body]).toMatchObject([200, { entry: { agent: 'a2' } }])
  // That somebody has looked at it is written down with its number.
  const [newest] = await it.store.audit.read({ before: 99, limit: 1 })
  expect(newest?.text).toContain('"facts":{"sequence":"2"}')
})

test('what was forgotten on purpose is no break in the chain, and the oldest entry follows the one that was', async () => {
  await using it = await createWorld(10)
  await it.audit.trim({ maxAgeMs: 1e12, maxEntries: 4 })
  const [oldest] = await it.store.audit.read({ limit: 1 })
  const told = await it.client.request('audit.get', { sequence: oldest?.sequence ?? 0 })
  expect([told.before, told.follows]).toEqual([undefined, true])
  await expect(it.client.request('audit.get', { sequence: 1 })).rejects.toMatchObject({
    message: 'the audit log has no entry 1 any more',
  })
})

test('the log is looked through for whoever asks, who hears how far it is and what was found, also by heads that were kept', async () => {
  await using it = await createWorld(12_000)
  const head = (await it.client.request('audit.head', {})).head ?? ''
  const items: object[] = []
  for await (const item of it.client.watch('audit.verify', { params: { heads: [head] } })) items.push(item)
  expect(items).toEqual([
    { sequence: 5_000, last: expect.any(Number) },
    { sequence: 10_000, last: expect.any(Number) },
    { found: { ok: true, first: 1, last: expect.any(Number) } },
  ])
  expect(await ask(it.world, 'POST /audit/verify', {})).toMatchObject({ status: 200, body: { ok: true, first: 1 } })
  expect(await ask(it.world, 'POST /audit/verify', { heads: ['none of ours'] })).toMatchObject({
    status: 400,
    body: { kind: 'invalid_argument' },
  })
  expect(await it.client.request('audit.head', {})).toMatchObject({ verified: { ok: true } })
})
