import { expect, test } from 'vitest'
import { wholeAudit } from '../../../../server/inspector/src/address/route.ts'
import { createAuditExport } from '../../../../server/inspector/src/state/audit-export.ts'
import { createAuditVerification } from '../../../../server/inspector/src/state/audit-verification.ts'
import { createAskedSession, taken } from '../../../support/asked-session.ts'

test('looking through the log says how far it is, and what it has found', async () => {
  const it = createAskedSession()
  const verification = createAuditVerification(it.session)
  void verification.begin(['head'])
  expect([verification.state.value, it.watches[0]?.params]).toEqual([{ at: 'running', sequence: 0, last: undefined }, { heads: ['head'] }])
  it.watches[0]?.tell({ sequence: 5_000, last: 12_000 })
  await taken()
  expect(verification.state.value).toEqual({ at: 'running', sequence: 5_000, last: 12_000 })
  it.watches[0]?.tell({ found: { ok: true, first: 1, last: 12_000 } })
  it.watches[0]?.end()
  await taken()
  expect(verification.state.value).toEqual({ at: 'held', first: 1, last: 12_000, heads: 1 })

  void verification.begin([])
  const found = { ok: false, sequence: 7, finding: 'changed', message: 'entry 7 was changed' }
  it.watches[1]?.tell({ found })
  await taken()
  expect(verification.state.value).toEqual({ at: 'broken', found })
})

test('a look through the log that is stopped, refused or overtaken tells nothing of what comes then', async () => {
  const it = createAskedSession()
  const verification = createAuditVerification(it.session)
  void verification.begin([])
  verification.stop()
  it.watches[0]?.tell({ found: { ok: true, first: 1, last: 2 } })
  await taken()
  expect(verification.state.value).toEqual({ at: 'idle' })
  void verification.begin([])
  it.watches[1]?.end(new Error('none of ours'))
  await taken()
  expect(verification.state.value).toEqual({ at: 'failed', why: new Error('none of ours') })
})

test('what is found is exported a line an entry, and cut where there is too much', async () => {
  const it = createAskedSession()
  const saved: (readonly string[])[] = []
  const exported = createAuditExport(
    it.session,
    () => 0,
    lines => saved.push(lines),
  )
  void exported.begin({ ...wholeAudit, who: 'ann' })
  expect(it.questions[0]?.params).toEqual({ who: 'ann', limit: 1_000 })
  it.questions[0]?.answer({ entries: [{ sequence: 2 }], next: 'c' })
  await taken()
  expect([exported.state.value, it.questions[1]?.params['cursor']]).toEqual([{ at: 'running', entries: 1 }, 'c'])
  it.questions[1]?.answer({ entries: [{ sequence: 1 }] })
  await taken()
  expect([saved, exported.state.value]).toEqual([[['{"sequence":2}', '{"sequence":1}']], { at: 'done', entries: 2, isCut: false }])

  const many = Array.from({ length: 1_000 }, (_, sequence) => ({ sequence }))
  void exported.begin(wholeAudit)
  for (let page = 2; page < 12; page++) {
    it.questions[page]?.answer({ entries: many, next: 'more' })
    await taken()
  }
  expect([it.questions.length, saved[1]?.length, exported.state.value]).toEqual([12, 10_000, { at: 'done', entries: 10_000, isCut: true }])

  void exported.begin(wholeAudit)
  exported.stop()
  it.questions[12]?.answer({ entries: many })
  await taken()
  expect([saved.length, exported.state.value]).toEqual([2, { at: 'idle' }])
})
