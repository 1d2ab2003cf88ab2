import { expect, test } from 'vitest'
import { createJournal } from '../../../../server/inspector/src/state/journal.ts'

function create() {
  const soon: (() => void)[] = []
  const journal = createJournal(tell => soon.push(tell))
  return { journal, soon, tell: () => soon.shift()?.() }
}

test('who looks is told once of all that changed meanwhile, and can ask what that was', () => {
  const { journal, soon, tell } = create()
  journal.note(['a'])
  journal.note(['b', 'a'])
  expect([soon.length, journal.version.value]).toEqual([1, 0])
  tell()
  expect([journal.version.value, journal.since(0), journal.since(1)]).toEqual([1, new Set(['a', 'b']), new Set()])
  journal.note(['c'])
  tell()
  expect([journal.since(0), journal.since(1)]).toEqual([new Set(['a', 'b', 'c']), new Set(['c'])])
})

test('who has missed more than is remembered, or that all was replaced, begins anew', () => {
  const { journal, tell } = create()
  for (let i = 0; i < 100; i++) {
    journal.note([`${i}`])
    tell()
  }
  expect([journal.since(10), journal.since(99)]).toEqual([undefined, new Set(['99'])])
  journal.everything()
  journal.note(['a'])
  tell()
  expect(journal.since(100)).toBeUndefined()
})

test('what is replaced at once is told at once, and not once more', () => {
  const { journal, tell } = create()
  journal.note(['a'])
  journal.everything(true)
  expect(journal.version.value).toBe(1)
  tell()
  expect(journal.version.value).toBe(1)
})
