import { expect, test } from 'vitest'
import { createNotes } from '../../../../server/inspector/src/state/notes.ts'

test('a note goes after a while, a bad one after a longer one, and one that is said again stays on', () => {
  const timers: { readonly run: () => void; readonly ms: number }[] = []
  const notes = createNotes((run, ms) => timers.push({ run, ms }))
  const texts = () => notes.list.value.map(({ text }) => text)
  notes.say('copied')
  notes.say('not saved', 'bad')
  notes.say('copied')
  expect(texts()).toEqual(['not saved', 'copied'])
  expect((timers[1]?.ms ?? 0) > (timers[0]?.ms ?? 0)).toBe(true)
  timers[0]?.run()
  expect(texts()).toEqual(['not saved', 'copied'])
  timers[2]?.run()
  expect(texts()).toEqual(['not saved'])
  for (let i = 0; i < 20; i++) notes.say(`note ${i}`)
  expect(texts()).toHaveLength(4)
  const [oldest] = notes.list.value
  if (oldest) notes.dismiss(oldest)
  expect(texts()).toEqual(['note 17', 'note 18', 'note 19'])
})
