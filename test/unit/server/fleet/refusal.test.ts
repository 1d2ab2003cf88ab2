import { expect, test } from 'vitest'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { type Acquaintance, explainFailure, explainKnock, howOften, type Namesake } from '../../../../server/src/fleet/refusal.ts'
import type { DeniedEvent } from '../../../../server/src/runtime/events.ts'
import { knockOf } from '../../../support/knocks.ts'

const nobody: Acquaintance = { owner: undefined, holder: undefined, revoked: undefined }
const away: Namesake = { id: 'web-1', uri: 'poll://web-1/', thumbprint: 'A'.repeat(40), isConnected: false, isDisabled: false }
const there: Namesake = { ...away, isConnected: true }

test.each<[string, Partial<DeniedEvent>, Partial<Acquaintance>, object, RegExp]>([
  ['whom nobody knows', {}, {}, { cause: 'unknown', agent: undefined }, /polls as poll:\/\/new\/, and no agent is registered so$/],
  ['who does not say who it is', { role: undefined, subscription: undefined }, {}, { cause: 'unknown' }, /does not say as whom it polls$/],
  [
    'who has the name of an agent that is away',
    {},
    { owner: away },
    { cause: 'rotated', agent: 'web-1', expected: away.thumbprint },
    /is away/,
  ],
  [
    'who has the name of an agent that is there',
    {},
    { owner: there },
    { cause: 'cloned', agent: 'web-1' },
    /another machine uses its name$/,
  ],
  ['whose certificate somebody else made', { issuer: 'CN=Proxy' }, { owner: away }, { cause: 'intercepted' }, /made by 'CN=Proxy'/],
  ['who presents no certificate', { thumbprint: undefined }, {}, { cause: 'intercepted' }, /presents no certificate/],
  ['who has a forged certificate', { thumbprint: away.thumbprint }, { owner: there }, { cause: 'intercepted' }, /another SHA-256/],
  [
    'who has the name of an agent that is disabled',
    {},
    { owner: { ...away, isDisabled: true } },
    { cause: 'disabled', agent: 'web-1' },
    /is disabled$/,
  ],
  [
    'who has an agent’s certificate and another name',
    {},
    { holder: away },
    { cause: 'renamed', agent: 'web-1' },
    /polls as poll:\/\/web-1\/ and is away$/,
  ],
  ['who copied a disk', {}, { holder: there }, { cause: 'cloned', agent: 'web-1' }, /perhaps a copied disk$/],
  ['who wants to call', { role: 'client', subscription: undefined }, {}, { cause: 'wrong_role' }, /none is hosted at this port/],
  ['who wants to be called', { role: 'server', subscription: undefined }, {}, { cause: 'wrong_role' }, /has to be called/],
  [
    'whose certificate was revoked',
    {},
    { revoked: { atMs: 0, agent: 'web-1' } },
    { cause: 'revoked', agent: 'web-1' },
    /, which was that of the agent web-1, that was revoked at 1970-01-01T/,
  ],
])('one %s is told so, with where it came from and what to do', (_who, knock, known, told, reason) => {
  const refusal = explainKnock(knockOf('B', knock), { ...nobody, ...known })
  expect(refusal).toMatchObject(told)
  expect(refusal.reason).toMatch(reason)
  expect(refusal.reason).toMatch(/^10\.0\.0\.1 \('CN=B'\) /)
  expect(refusal.advice).not.toBe('')
})

test('no agent is named but the one that it is about: who may see that may not see every other one', () => {
  for (const about of [{ owner: away }, { holder: away }]) {
    const refusal = explainKnock(knockOf('B'), { ...nobody, ...about, revoked: { atMs: 0, agent: 'secret-2' } })
    expect(refusal).toMatchObject({ cause: 'revoked', agent: 'web-1' })
    expect(JSON.stringify(refusal)).not.toContain('secret-2')
  }
  const named = explainKnock(knockOf('B'), { ...nobody, owner: away, holder: { ...away, id: 'secret-2', uri: 'poll://secret-2/' } })
  expect(JSON.stringify(named)).not.toContain('secret-2')
})

test('where two certificates differ both are told', () => {
  const { reason } = explainKnock(knockOf('B'), { ...nobody, owner: away })
  expect(reason).toContain(`the certificate ${'B'.repeat(40)}`)
  expect(reason).toContain(`registered with ${'A'.repeat(40)}`)
})

test('one knock is told with its time, several with their number', () => {
  expect([howOften(1, 0), howOften(4, 0)]).toEqual([' (at 1970-01-01T00:00:00.000Z)', ' (4 times since 1970-01-01T00:00:00.000Z)'])
})

test.each([
  ['a wrong pin where the right one was', 'thumbprint_mismatch', 'tls', true, /^it; the pinned one was there before: .*replaced/],
  [
    'a wrong pin where the right one never was',
    'thumbprint_mismatch',
    'tls',
    false,
    /^it; the pinned one was never seen there: .*pinned wrongly/,
  ],
  ['no TLS', 'tls_failed', 'tls', true, /^it; perhaps another service/],
  ['another language', 'protocol_error', 'identify', true, /^it; perhaps another service/],
  ['a broken message', 'protocol_error', 'response', true, /^it$/],
  ['no answer', 'connect_timeout', 'connect', true, /^it$/],
] as const)('of a listening agent %s is explained', (_what, kind, phase, wasSeen, text) => {
  expect(explainFailure(new HalibutError(kind, 'it', { phase }), wasSeen)).toMatch(text)
})
