import type { RulesDocument } from '@halibut-gateway/schemas'
import { expect, test, vi } from 'vitest'
import { Access } from '../../../../server/src/access/access.ts'
import { previewRules, testedPrincipals } from '../../../../server/src/access/preview.ts'
import { RuleSet } from '../../../../server/src/access/rule-set.ts'
import { createInstantStore } from '../../../support/instant-store.ts'

const web: RulesDocument['rules'][0] = { name: 'web', who: ['ci'], agents: ['web-*'], services: ['IScript'] }
const ci = { name: 'ci', role: 'operator' } as const

test('until rules are written a role is all that counts; afterwards they are what a restart finds', async () => {
  const store = createInstantStore()
  const access = new Access(store)
  expect(access.decide(ci, 'agents.read', { agent: { id: 'db-1' } })).toMatchObject({ allowed: true, rule: 'everybody' })
  expect(await access.change({ rules: [web] }, 0)).toBe(1)
  for (const each of [access, new Access(store)]) {
    expect(each.revision).toBe(1)
    expect(each.decide(ci, 'agents.read', { agent: { id: 'db-1' } }).allowed).toBe(false)
    expect(each.decide(ci, 'agents.read', { agent: { id: 'web-1' } }).rule).toBe('web')
  }
})

test.each(['', 'null', '{"revision":1}', '{"revision":"1","document":{"rules":[]}}', '{"revision":1,"document":{"rules":[7]}}'])(
  'rules that were damaged (%s) allow nothing, and end nothing',
  async text => {
    const store = createInstantStore()
    await store.meta.put({ id: 'rules', text })
    const log = vi.fn()
    const access = new Access(store, undefined, log)
    expect(log.mock.calls).toEqual([['error', expect.stringContaining('allow nothing'), { cause: expect.any(String) }]])
    expect(access.decide(ci, 'agents.read', { agent: { id: 'web-1' } }).allowed).toBe(false)
    await access.change({ rules: [web] }, 0)
    expect(access.decide(ci, 'agents.read', { agent: { id: 'web-1' } }).allowed).toBe(true)
  },
)

test('the rules of the settings come first and stay, whatever is written beside them', async () => {
  const store = createInstantStore()
  const ofSettings: RulesDocument = {
    rules: [{ ...web, reason: 'the settings say so' }],
    tests: [{ who: 'ci', role: 'operator', agent: 'secret-1', possible: false }],
  }
  const access = new Access(store, ofSettings)
  // Where there are some, not everybody may do everything.
  expect(access.decide(ci, 'agents.read', { agent: { id: 'db-1' } }).allowed).toBe(false)
  expect([access.document, access.settings]).toEqual([{ rules: [] }, ofSettings])
  const more: RulesDocument = { rules: [{ name: 'all', who: ['ci'], agents: ['web-*', 'db-*'] }] }
  await access.change(more)
  for (const each of [access, new Access(store, ofSettings)]) {
    expect([each.document, each.settings]).toEqual([more, ofSettings])
    expect(each.decide(ci, 'agents.read', { agent: { id: 'web-1' } })).toMatchObject({ rule: 'web', reason: 'the settings say so' })
    expect(each.decide(ci, 'agents.read', { agent: { id: 'db-1' } }).rule).toBe('all')
  }
  await expect(access.change({ rules: [...more.rules, { ...web, agents: ['*'] }] })).rejects.toThrow(
    'rules/1/name: a rule of the settings has the name "web" already',
  )
  await expect(access.change({ rules: [{ name: 'x', who: ['ci'], agents: ['*'] }] })).rejects.toThrow(
    'the rules do not pass their own tests: tests/0: must not be possible, but the rule x allows it',
  )
  expect(access.document).toEqual(more)
  // Without those of the settings, what was written is what counts.
  expect(new Access(store).rules.document).toEqual(more)
})

test('rules that do not pass their own tests are not written, and it is told which and why', async () => {
  const access = new Access()
  const tests: RulesDocument['tests'] = [
    { who: 'ci', role: 'operator', agent: 'web-1', possible: true },
    { who: 'ci', role: 'operator', agent: 'db-1', service: 'IScript', method: 'Run', possible: true },
    { who: 'ci', role: 'operator', agent: 'web-1', service: 'IScript', possible: false },
    { who: 'eve', role: 'operator', agent: 'web-1', possible: false },
  ]
  await expect(access.change({ rules: [web], tests }, 0)).rejects.toMatchObject({
    kind: 'invalid_argument',
    message:
      'the rules do not pass their own tests: tests/1: must be possible, but no rule lets ci call IScript.Run of the agent db-1; ' +
      'tests/2: must not be possible, but the rule web allows it',
  })
  expect(access.revision).toBe(0)
  expect(await access.change({ rules: [web], tests: [tests[0], tests[3]] }, 0)).toBe(1)
})

test('rules whose tests do not pass any more do not keep a gateway from starting', async () => {
  const store = createInstantStore()
  const tests = [{ who: 'ci', role: 'operator', agent: 'db-1', possible: true }]
  await store.meta.put({ id: 'rules', text: JSON.stringify({ revision: 7, document: { rules: [web], tests } }) })
  expect(new Access(store).revision).toBe(7)
})

test('who changes rules that were changed meanwhile is refused', async () => {
  const access = new Access()
  const changes = [access.change({ rules: [web] }, 0), access.change({ rules: [] }, 0)]
  const outcomes = await Promise.allSettled(changes)
  expect(outcomes).toMatchObject([
    { status: 'fulfilled', value: 1 },
    { status: 'rejected', reason: { kind: 'version_conflict', message: expect.stringContaining('are in version 1') } },
  ])
  expect(access.rules.document).toEqual({ rules: [web] })
})

test('rules that cannot be kept do not come into force', async () => {
  const store = createInstantStore()
  const access = new Access(store)
  store.failure = new Error('the disk is full')
  await expect(access.change({ rules: [] }, 0)).rejects.toThrow('the disk is full')
  expect(access.revision).toBe(0)
  expect(access.decide(ci, 'agents.read', { agent: { id: 'db-1' } }).allowed).toBe(true)
  store.failure = undefined
  expect(await access.change({ rules: [] }, 0)).toBe(1)
})

test('a preview tells who gains and who loses what, by the evaluator that will decide', () => {
  const before = new RuleSet({ rules: [web] })
  const after = new RuleSet({
    rules: [{ ...web, agents: ['db-*'], methods: ['Run'] }],
    tests: [{ who: 'ci', role: 'operator', agent: 'db-1', possible: true }],
  })
  const preview = previewRules(before, after, {
    principals: [...testedPrincipals(before.document, after.document), { name: 'eve', role: 'viewer' }],
    agents: [{ id: 'web-1' }, { id: 'db-1' }],
    calls: [
      { service: 'IScript', method: 'Run' },
      { service: 'IScript', method: 'Stop' },
    ],
  })
  let step = preview.next()
  while (!step.done) step = preview.next()
  const told = step.value.changes.map(({ who, right, agent, method, change }) => [who, change, right, agent, method])
  expect(told).toEqual([
    ['ci', 'loses', 'agents.read', 'web-1', undefined],
    ['ci', 'loses', 'agents.call', 'web-1', 'Run'],
    ['ci', 'loses', 'agents.call', 'web-1', 'Stop'],
    ['ci', 'gains', 'agents.read', 'db-1', undefined],
    ['ci', 'gains', 'agents.call', 'db-1', 'Run'],
  ])
  expect(step.value.more).toBe(0)
})
