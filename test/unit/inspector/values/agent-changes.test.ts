import { AgentChangesSchema, type AgentSnapshot, TagSchema } from '@halibut-gateway/schemas'
import { Value } from '@sinclair/typebox/value'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type AgentForm,
  changesIn,
  formOf,
  formProblems,
  limitFields,
  tagsIn,
} from '../../../../server/inspector/src/values/agent-changes.ts'

const agent = (change: Partial<AgentSnapshot> = {}): AgentSnapshot => ({
  id: 'web-1',
  name: 'web-1',
  mode: 'listening',
  uri: 'https://web-1:10933/',
  thumbprint: 'A'.repeat(40),
  state: 'connected',
  since: '2030-01-01T00:00:00.000Z',
  reason: '',
  connections: 0,
  services: ['IEcho'],
  tags: ['production'],
  version: '1',
  readOnly: false,
  ...change,
})

test('a form that nobody has changed says nothing, whatever limits there are', () => {
  for (const limits of [undefined, { retryCountLimit: 2 }, { connectionErrorRetryTimeoutMs: 5, tcpClientConnectTimeoutMs: 1_500 }]) {
    const its = agent(limits ? { limits } : {})
    expect([formProblems(formOf(its), its.mode).size, changesIn(formOf(its), its)]).toEqual([0, undefined])
  }
})

test('only what is otherwise is said; a limit that is emptied goes, and one that the form does not show stays', () => {
  const its = agent({ limits: { connectionErrorRetryTimeoutMs: 5, tcpClientConnectTimeoutMs: 1_500 } })
  const form: AgentForm = {
    ...formOf(its),
    name: ' The web ',
    tags: 'production, role=web production',
    limits: { tcpClientConnectTimeoutMs: '', retryCountLimit: '1', retryListeningSleepIntervalMs: '0,25' },
  }
  expect(changesIn(form, its)).toEqual({
    name: 'The web',
    tags: ['production', 'role=web'],
    limits: { connectionErrorRetryTimeoutMs: 5, retryCountLimit: 1, retryListeningSleepIntervalMs: 250 },
  })
  // Its id is what an agent without a name is called.
  for (const name of ['', 'web-1']) expect(changesIn({ ...formOf(its), name }, { ...its, name: 'other' })).toEqual({ name: null })
})

test('what the gateway would refuse is said beside its field', () => {
  const problems = (change: Partial<AgentForm>, mode: AgentSnapshot['mode'] = 'listening') => [
    ...formProblems({ ...formOf(agent()), ...change }, mode).keys(),
  ]
  expect(problems({ uri: 'poll://web-1/' })).toEqual(['uri'])
  expect(problems({ uri: 'https://web-1:1/' }, 'polling')).toEqual(['uri'])
  expect(problems({ tags: 'good -bad' })).toEqual(['tags'])
  expect(problems({ limits: { retryCountLimit: '1.5', tcpClientConnectTimeoutMs: '-1', retryListeningSleepIntervalMs: 'soon' } })).toEqual([
    'tcpClientConnectTimeoutMs',
    'retryCountLimit',
    'retryListeningSleepIntervalMs',
  ])
})

test('whatever somebody types, what the form has no problem with fits what the gateway takes', () => {
  const typed = fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom('', '1', '0', '0.001', '86400', '86401', '1e2', ' 7 ', 'x'))
  fc.assert(
    fc.property(
      fc.constantFrom('listening' as const, 'polling' as const),
      typed,
      typed,
      fc.array(typed, { maxLength: 3 }),
      (mode, name, tags, texts) => {
        const its = agent({ mode, uri: mode === 'polling' ? 'poll://web-1/' : 'https://web-1:10933/' })
        const limits = Object.fromEntries(limitFields[mode].map((field, i) => [field.name, texts[i] ?? '']))
        const form = { ...formOf(its), name, tags, limits }
        if (formProblems(form, mode).size > 0) return
        const changes = changesIn(form, its)
        if (changes) expect([...Value.Errors(AgentChangesSchema, { agent: its.id, version: its.version, ...changes })]).toEqual([])
        for (const tag of tagsIn(tags)) expect(Value.Check(TagSchema, tag)).toBe(true)
      },
    ),
  )
})
