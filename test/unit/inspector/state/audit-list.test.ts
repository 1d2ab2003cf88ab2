import { expect, test } from 'vitest'
import { wholeAudit } from '../../../../server/inspector/src/address/route.ts'
import { createAuditList, queryOf } from '../../../../server/inspector/src/state/audit-list.ts'
import { createAskedSession, taken } from '../../../support/asked-session.ts'

const nowMs = Date.UTC(2026, 4, 31, 18)
const entry = (sequence: number) => ({ sequence, time: '', who: 'ann', action: 'agents.add', outcome: 'done', hash: '' })

function create() {
  const asked = createAskedSession()
  const list = createAuditList(asked.session, () => nowMs)
  return { ...asked, list, numbers: () => list.entries.value.map(({ sequence }) => sequence) }
}

test('what is found comes a page at a time, the newest first, until the log has been looked through', async () => {
  const it = create()
  it.list.look({ ...wholeAudit, who: ' ann ', from: '2h' })
  expect(it.questions[0]?.params).toEqual({ who: 'ann', from: '2026-05-31T16:00:00.000Z', limit: 100 })
  it.questions[0]?.answer({ entries: [entry(9), entry(8)], next: 'c1' })
  await taken()
  expect([it.numbers(), it.list.progress.value]).toEqual([[9, 8], { at: 'more', next: 'c1', isFar: false }])
  it.list.more()
  // Whoever scrolls on and on asks once.
  it.list.more()
  expect([it.questions.length, it.questions[1]?.params['cursor']]).toEqual([2, 'c1'])
  it.questions[1]?.answer({ entries: [entry(3)] })
  await taken()
  expect([it.numbers(), it.list.progress.value]).toEqual([[9, 8, 3], { at: 'whole' }])
})

test('a search that finds nothing for long goes on by itself for a while, says so, and then asks whether to go on', async () => {
  const it = create()
  it.list.look({ ...wholeAudit, text: 'needle' })
  for (let page = 0; page < 12; page++) {
    if (page === 5) expect(it.list.progress.value).toEqual({ at: 'looking', isSlow: true })
    it.questions[page]?.answer({ entries: [], next: `c${page}` })
    await taken()
  }
  expect([it.questions.length, it.list.progress.value]).toEqual([12, { at: 'more', next: 'c11', isFar: true }])
})

test('what was looked for before is not mixed into what is looked for now', async () => {
  const it = create()
  it.list.look(wholeAudit)
  it.list.look({ ...wholeAudit, who: 'bob' })
  it.questions[0]?.answer({ entries: [entry(9)] })
  await taken()
  expect(it.numbers()).toEqual([])
  it.questions[1]?.answer({ entries: [entry(4)] })
  await taken()
  expect(it.numbers()).toEqual([4])
  it.changeHands()
  expect([it.numbers(), it.list.progress.value]).toEqual([[], { at: 'idle' }])
})

test('a search that is refused says why, also where a time is none', async () => {
  const it = create()
  it.list.look({ ...wholeAudit, from: 'yesterday' })
  await taken()
  expect(it.list.progress.value).toMatchObject({ at: 'failed', why: { kind: 'invalid_argument', message: '"yesterday" is no time' } })
  it.list.look(wholeAudit)
  it.questions[0]?.refuse(new Error('no'))
  await taken()
  expect(it.list.progress.value).toMatchObject({ at: 'failed', why: { message: 'no' } })
  expect(() => queryOf({ ...wholeAudit, to: 'x' }, nowMs)).toThrow('is no time')
})

test('entries that come are added above, each once, as long as somebody follows, and another search goes on following', async () => {
  const it = create()
  it.list.look(wholeAudit)
  it.questions[0]?.answer({ entries: [entry(9)] })
  await taken()
  it.list.follow(true)
  expect([it.list.isFollowing.value, it.watches[0]?.method, it.watches[0]?.params]).toEqual([true, 'audit.watch', { after: 9 }])
  it.watches[0]?.tell({ entries: [] })
  it.watches[0]?.tell({ entries: [entry(9), entry(10), entry(11)] })
  await taken()
  expect(it.numbers()).toEqual([11, 10, 9])
  it.list.look({ ...wholeAudit, who: 'bob' })
  // Nothing lies between what is searched and what is followed: the search waits until the other has begun.
  expect([it.list.isFollowing.value, it.watches[1]?.params, it.questions.length]).toEqual([true, { who: 'bob' }, 1])
  it.watches[1]?.tell({ entries: [] })
  it.watches[1]?.tell({ entries: [entry(13)] })
  await taken()
  expect(it.questions[1]?.params).toEqual({ who: 'bob', limit: 100 })
  it.questions[1]?.answer({ entries: [entry(13), entry(12)] })
  await taken()
  expect(it.numbers()).toEqual([13, 12])
  it.watches[1]?.end(new Error('away'))
  await taken()
  expect([it.list.isFollowing.value, it.list.followProblem.value]).toEqual([false, new Error('away')])
  // Who follows before anything was found begins anew, and is shown what there is also where that is refused.
  it.list.look({ ...wholeAudit, who: 'eve' })
  it.list.follow(true)
  it.questions[2]?.answer({ entries: [entry(5)] })
  await taken()
  expect(it.numbers()).toEqual([])
  it.watches[2]?.end(new Error('no'))
  await taken()
  it.questions[3]?.answer({ entries: [entry(5)] })
  await taken()
  expect(it.numbers()).toEqual([5])
  it.list.follow(true)
  it.list.follow(false)
  expect([it.list.isFollowing.value, it.list.followProblem.value]).toEqual([false, undefined])
})
