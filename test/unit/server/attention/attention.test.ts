import { type AttentionCode, AttentionItemSchema, attentionCodes, attentionTable } from '@halibut-gateway/schemas'
import { Value } from '@sinclair/typebox/value'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Attention, type Check, type Finding } from '../../../../server/src/attention/attention.ts'
import { warnings } from '../../../../server/src/attention/warnings.ts'
import { gatewayLimits } from '../../../../server/src/base/limits.ts'

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }))
afterEach(() => void vi.useRealTimers())

const { attentionLookMs, refusedAttentionMs } = gatewayLimits

function finding(code: AttentionCode, more: Partial<Finding> = {}): Finding {
  return { code, subject: 'x', version: 1, tell: () => ({ text: `${code}!`, action: { text: 'do something' } }), ...more }
}

function create(look: () => Iterable<Finding>, ...others: Check[]) {
  const log = vi.fn()
  const attention = new Attention({ checks: [{ name: 'test', look }, ...others], log, now: Date.now })
  const changed: string[] = []
  attention.onChange(id => changed.push(id))
  return { attention, log, changed, shown: () => attention.ids().map(id => attention.get(id)) }
}

test('what is wrong is shown with its title, since when, and one thing to do, until it is over', () => {
  let found = [finding('store_failing', { subject: '', sinceMs: 5_000 })]
  const { attention, shown, changed } = create(() => found)
  attention.start()
  expect(shown()).toEqual([
    {
      id: 'store_failing ',
      code: 'store_failing',
      severity: 'critical',
      title: attentionTable.store_failing.title,
      text: 'store_failing!',
      since: new Date(5_000).toISOString(),
      about: {},
      action: { text: 'do something' },
    },
  ])
  expect(Value.Check(AttentionItemSchema, shown()[0])).toBe(true)
  expect(attention.counts().get('store_failing')).toBe(1)
  found = []
  vi.advanceTimersByTime(attentionLookMs)
  expect(shown()).toEqual([])
  expect([...attention.counts()]).toEqual(attentionCodes.map(code => [code, 0]))
  expect(changed).toEqual(['store_failing ', 'store_failing '])
  attention.close()
  expect(vi.getTimerCount()).toBe(0)
})

test('what must last is shown when it has, and what is over in between begins anew', () => {
  let found = [finding('agent_refused')]
  const { attention, shown } = create(() => found)
  attention.look()
  vi.advanceTimersByTime(refusedAttentionMs - 1)
  attention.look()
  expect(shown()).toEqual([])
  found = []
  attention.look()
  found = [finding('agent_refused')]
  attention.look()
  vi.advanceTimersByTime(refusedAttentionMs - 1)
  attention.look()
  expect(shown()).toEqual([])
  vi.advanceTimersByTime(1)
  attention.look()
  expect(shown()).toMatchObject([{ since: new Date(Date.now() - refusedAttentionMs).toISOString() }])
})

test('what something else explains is silent, about the same agent only', () => {
  let found = [
    finding('agent_pending', { subject: 'p', about: { agent: 'web-1', pending: 'p' } }),
    finding('agent_refused', { subject: 'web-1', about: { agent: 'web-1' }, sinceMs: 0 }),
    finding('agent_refused', { subject: 'web-2', about: { agent: 'web-2' }, sinceMs: 0 }),
    finding('token_expires', { subject: 't', about: { token: 't' } }),
    finding('token_unused', { subject: 't', about: { token: 't' }, sinceMs: -1e12 }),
    finding('token_unused', { subject: 'u', about: { token: 'u' }, sinceMs: -1e12 }),
  ]
  const { attention } = create(() => found)
  attention.look()
  expect(attention.ids()).toEqual(['agent_pending p', 'agent_refused web-2', 'token_expires t', 'token_unused u'])
  found = found.filter(({ code }) => code !== 'agent_pending' && code !== 'token_expires')
  attention.look()
  expect(attention.ids()).toEqual(['agent_refused web-1', 'agent_refused web-2', 'token_unused t', 'token_unused u'])
})

test('what stays as it is is not told again, and what changes is', () => {
  const tell = vi.fn(() => ({ text: 'a', action: { text: 'b' } }))
  let [version, severity]: [number, 'warning' | 'critical'] = [1, 'warning']
  const { attention, changed } = create(() => [finding('agent_pending', { version, severity, tell })])
  attention.look()
  attention.look()
  expect([tell.mock.calls.length, changed.length]).toEqual([1, 1])
  version = 2
  attention.look()
  severity = 'critical'
  attention.look()
  expect([tell.mock.calls.length, changed.length]).toEqual([3, 3])
})

test('whoever asks gets what is so now, and cannot make the gateway look all the time', () => {
  const look = vi.fn(() => [])
  const { attention } = create(look)
  for (let i = 0; i < 100; i++) attention.refresh()
  expect(look).toHaveBeenCalledOnce()
  vi.advanceTimersByTime(gatewayLimits.agentChangesMs)
  attention.refresh()
  expect(look).toHaveBeenCalledTimes(2)
})

test('a check that fails is told once, and takes nothing from the others', () => {
  let fails = true
  const broken: Check = {
    name: 'broken',
    look: () => {
      if (fails) throw new Error('no')
      return []
    },
  }
  const { attention, log } = create(() => [finding('agent_pending')], broken)
  attention.look()
  attention.look()
  expect(attention.ids()).toEqual(['agent_pending x'])
  expect(log).toHaveBeenCalledOnce()
  expect(log.mock.calls[0]?.[1]).toBe('broken: what needs a person there is not known')
  fails = false
  attention.look()
  fails = true
  attention.look()
  expect(log).toHaveBeenCalledTimes(2)
})

test('nothing explains itself, and nothing is explained by what it explains', () => {
  for (const code of attentionCodes) {
    for (const other of warnings[code].behind) expect([code, ...warnings[other].behind]).not.toContain(other === code ? code : undefined)
    for (const other of warnings[code].behind) expect(warnings[other].behind).not.toContain(code)
  }
})
