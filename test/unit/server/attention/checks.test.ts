import { type AttentionItem, AttentionItemSchema, attentionCodes } from '@halibut-gateway/schemas'
import { Value } from '@sinclair/typebox/value'
import { expect, test } from 'vitest'
import { Attention, type Check } from '../../../../server/src/attention/attention.ts'
import { agentCertificatesCheck, ownCertificatesCheck, tokensCheck } from '../../../../server/src/attention/expiry-checks.ts'
import { agentsCheck, clonesCheck, pendingCheck, unusedAgentsCheck } from '../../../../server/src/attention/fleet-checks.ts'
import { rotationCheck } from '../../../../server/src/attention/rotation-check.ts'
import { backupCheck, storeCheck } from '../../../../server/src/attention/state-checks.ts'
import { gatewayLimits } from '../../../../server/src/base/limits.ts'
import { AgentDirectory } from '../../../../server/src/fleet/agent-directory.ts'
import type { OwnIdentity } from '../../../../server/src/fleet/gateway-certificates.ts'
import { PendingAgents } from '../../../../server/src/fleet/pending.ts'
import { knockOf } from '../../../support/knocks.ts'

const dayMs = 86_400_000
const nowMs = Date.UTC(2026, 5, 15)
const at = (days: number): number => nowMs + days * dayMs
const thumbprint = 'A'.repeat(40)

/** What a person is shown at `nowMs`. */
function shown(...checks: Check[]): AttentionItem[] {
  const failed: unknown[] = []
  const attention = new Attention({ checks, log: (_level, message, facts) => failed.push(message, facts), now: () => nowMs })
  attention.look()
  expect(failed).toEqual([])
  const items = attention.ids().map(id => attention.get(id))
  for (const item of items) expect([...Value.Errors(AttentionItemSchema, item)]).toEqual([])
  return items as AttentionItem[]
}

/** A directory with agents that came into their states so many days ago. */
function directoryOf(states: Readonly<Record<string, ['gone' | 'refused' | 'reached' | 'disable', number]>>): AgentDirectory {
  let now = nowMs
  const directory = new AgentDirectory(() => now)
  for (const [id, [type, days]] of Object.entries(states)) {
    now = at(-days)
    directory.add({ id, uri: id.startsWith('poll') ? `poll://${id}/` : 'https://10.0.0.1:10933/', thumbprint })
    if (type === 'reached') directory.report(id, { type, how: 'answers' })
    else directory.report(id, { type, why: `because of ${id}` })
  }
  return directory
}

const seen = new Set<string>()
const codesOf = (items: readonly AttentionItem[]): string[] =>
  items.map(({ code, about }) => {
    seen.add(code)
    return [code, ...Object.values(about)].join(' ')
  })

test('agents that are offline or refused for long need a person, and those that are meant to be away do not', () => {
  const directory = directoryOf({
    'poll-gone': ['gone', 1],
    gone: ['gone', 0.5],
    'just-gone': ['gone', 0.01],
    'poll-refused': ['refused', 0.01],
    'just-refused': ['refused', 0.001],
    there: ['reached', 5],
    disabled: ['disable', 5],
  })
  const items = shown(agentsCheck(directory))
  expect(codesOf(items)).toEqual(['agent_offline poll-gone', 'agent_offline gone', 'agent_refused poll-refused'])
  expect(items[0]).toMatchObject({
    text: 'poll-gone (poll://poll-gone/) is offline: because of poll-gone',
    since: new Date(at(-1)).toISOString(),
    action: { command: 'halibut-gateway agents get poll-gone' },
  })
  expect(items[1]?.action.command).toBe(`halibut-gateway doctor https://10.0.0.1:10933/ --thumbprint ${thumbprint}`)
})

test('an agent that nobody has called for 90 days needs a person, and one that is away is said to be that', () => {
  const directory = directoryOf({ old: ['reached', 100], new: ['reached', 100], away: ['gone', 100], disabled: ['disable', 100] })
  const days: Readonly<Record<string, number>> = { old: at(-90), new: at(-89), away: at(-95), disabled: at(-95) }
  const items = shown(agentsCheck(directory), unusedAgentsCheck(directory, { of: id => days[id] }))
  expect(codesOf(items)).toEqual(['agent_offline away', 'agent_unused old'])
  expect(items[1]?.text).toBe('nobody has called old since 2026-03-17')
})

test('who knocks needs a person at once, unless a person has put it off', () => {
  const pending = new PendingAgents(gatewayLimits, () => nowMs)
  const refusal = {
    cause: 'unknown',
    reason: 'an unknown machine knocks',
    advice: 'approve it',
    agent: undefined,
    expected: undefined,
  } as const
  const { id } = pending.note(knockOf('B'), refusal)
  const replaced = pending.note(knockOf('C'), { ...refusal, cause: 'rotated', agent: 'web-1' })
  pending.later(pending.note(knockOf('D'), refusal).id)
  const items = shown(pendingCheck({ pending }))
  expect(codesOf(items)).toEqual([`agent_pending ${id} ${'B'.repeat(40)}`, `agent_pending ${replaced.id} web-1 ${'C'.repeat(40)}`])
  expect(items[0]).toMatchObject({
    text: refusal.reason,
    action: { text: refusal.advice, command: expect.stringContaining(`approve ${id} --expect`) },
  })
  expect(items[1]?.action.command).toContain('--replace web-1')
  pending.close()
})

test('machines that poll with one certificate need a person, until all but one are kept out', () => {
  const of = (addresses: readonly string[]) => ({ subscription: 'poll://web-1/', thumbprint, addresses, agent: 'web-1', held: [] })
  const items = shown(clonesCheck({ list: () => [of(['10.0.0.1', '10.0.0.2'])] }))
  expect(codesOf(items)).toEqual([`agent_cloned ${thumbprint} web-1`])
  expect(items[0]?.text).toContain('10.0.0.1 and 10.0.0.2')
  expect(shown(clonesCheck({ list: () => [of([])] }))).toEqual([])
})

test('certificates need a person 30 days before they end, and are critical for the last 7', () => {
  const directory = directoryOf({ soon: ['reached', 1] })
  const own = (code: 'gateway_certificate_expires' | 'page_certificate_expires', days: number) => ({
    code,
    what: 'the certificate',
    thumbprint,
    expiresMs: at(days),
    action: { text: 'replace it' },
  })
  const items = shown(
    ownCertificatesCheck(() => [own('gateway_certificate_expires', 30), own('page_certificate_expires', -1)]),
    agentCertificatesCheck(directory, {
      known: id => (id === thumbprint ? { id, firstSeenMs: at(-9), lastSeenMs: at(0), expiresMs: at(7) } : undefined),
    }),
  )
  expect(codesOf(items)).toEqual([
    `gateway_certificate_expires ${thumbprint}`,
    `page_certificate_expires ${thumbprint}`,
    `agent_certificate_expires soon ${thumbprint}`,
  ])
  expect(items.map(({ severity }) => severity)).toEqual(['warning', 'critical', 'critical'])
  expect(items.map(({ text }) => text)).toEqual([
    'the certificate expires on 2026-07-15',
    'the certificate has expired on 2026-06-14',
    `the certificate of soon, ${thumbprint}, expires on 2026-06-22`,
  ])
  expect(shown(ownCertificatesCheck(() => [own('gateway_certificate_expires', 30.1)]))).toEqual([])
})

test('certificates that take the place of others need a person until that is over', () => {
  const directory = directoryOf({ there: ['reached', 1] })
  directory.update({ ...directory.require('there').definition, nextThumbprint: 'B'.repeat(40) })
  const identity = (state: OwnIdentity['state'], letter: string): OwnIdentity => ({
    thumbprint: letter.repeat(40),
    thumbprint256: letter.repeat(64),
    subject: 'CN=gateway',
    notAfter: new Date(at(1_000)),
    state,
    ports: [],
    addedMs: at(-3),
    retiredMs: undefined,
  })
  const own = [identity('present', 'C'), identity('next', 'D'), identity('previous', 'E'), identity('retired', 'F')]
  const items = shown(rotationCheck(() => own, directory))
  expect(codesOf(items)).toEqual([
    `rotation_under_way ${'D'.repeat(40)}`,
    `rotation_under_way ${'E'.repeat(40)}`,
    `rotation_under_way there ${'B'.repeat(40)}`,
  ])
  expect(items[0]?.since).toBe(new Date(at(-3)).toISOString())
  expect(shown(rotationCheck(() => [identity('present', 'C')], directoryOf({ there: ['reached', 1] })))).toEqual([])
})

test('tokens need a person that end soon, or that nobody uses; those that are worth nothing do not', () => {
  const token = (id: string, more: object) => ({ id, name: id, createdMs: at(-200), lastUsedMs: at(-1), ...more })
  const tokens = [
    token('fine', { expiresMs: at(31) }),
    token('ends', { expiresMs: at(3) }),
    token('ends-unused', { expiresMs: at(20), lastUsedMs: undefined }),
    token('unused', { lastUsedMs: at(-91) }),
    token('never', { lastUsedMs: undefined }),
    token('new', { lastUsedMs: undefined, createdMs: at(-3) }),
    token('revoked', { lastUsedMs: at(-100), revokedMs: at(-50) }),
    token('ended', { lastUsedMs: at(-100), expiresMs: at(-50) }),
  ]
  const items = shown(tokensCheck({ all: () => tokens }))
  expect(codesOf(items)).toEqual(['token_expires ends', 'token_expires ends-unused', 'token_unused unused', 'token_unused never'])
  expect(items[0]?.severity).toBe('critical')
})

test('a state that cannot be kept needs a person', () => {
  const failing = { at: 'failing', sinceMs: at(-1), reason: 'the disk is full' } as const
  const items = shown(storeCheck({ state: failing }))
  expect(codesOf(items)).toEqual(['store_failing'])
  expect(items[0]?.text).toMatch(/changes and calls are refused.*the disk is full/)
  expect(shown(storeCheck({ state: { at: 'ready' } }))).toEqual([])
})

test('a backup that is missing or old needs a person, but where none could be made', () => {
  const backup = (last: number | undefined, since = -100): Check => backupCheck(() => last, at(since))
  const failing = { at: 'failing', sinceMs: at(-1), reason: 'the disk is full' } as const
  expect(codesOf(shown(backup(undefined)))).toEqual(['backup_overdue'])
  expect(shown(backup(at(-7)))[0]?.text).toBe('the last backup of the state was made on 2026-06-08')
  expect(shown(backup(at(-6.9)))).toEqual([])
  expect(shown(backup(undefined, -6))).toEqual([])
  expect(codesOf(shown(storeCheck({ state: failing }), backup(undefined)))).toEqual(['store_failing'])
})

test('every kind of trouble has a check that finds it', () => {
  expect([...seen].sort()).toEqual([...attentionCodes].sort())
})
