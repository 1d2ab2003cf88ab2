import { expect, test } from 'vitest'
import { createRulesDraft, formatDocument, type Rules } from '../../../../server/inspector/src/state/rules-draft.ts'
import { createAskedSession, taken } from '../../../support/asked-session.ts'

const rules: Rules = {
  version: '3',
  document: { rules: [{ name: 'web', who: ['role:operator'], agents: ['web-*', 'tag:a'] }], tests: [] },
  readOnly: [],
}
const preview = { changes: [], more: 0, tests: [] }

function create() {
  const asked = createAskedSession()
  return { ...asked, draft: createRulesDraft(asked.session) }
}

test('a draft begins with the rules as they are, and one text holds what is typed and what is filled in', () => {
  const { draft } = create()
  expect(draft.isOpen.value).toBe(false)
  draft.open(rules)
  expect([draft.isOpen.value, draft.document.value]).toEqual([true, rules.document])
  draft.edit(document => ({ ...document, rules: [] }))
  expect(draft.text.value).toBe('{\n  "rules": [],\n  "tests": []\n}\n')
  draft.write('{"rules": [{"name": "x", "who": []}]}')
  expect([draft.document.value, draft.problems.value]).toEqual([undefined, [{ place: { from: 11, to: 35 }, message: 'agents is missing' }]])
  // What cannot be read is not changed by a form.
  draft.edit(document => ({ ...document, rules: [] }))
  expect(draft.text.value).toContain('"x"')
  // What somebody has begun is not thrown away by a second click.
  draft.open({ ...rules, version: '4' })
  expect(draft.text.value).toContain('"x"')
})

test('what a text would change counts for that very text, and only what was looked at is saved', async () => {
  const { draft, questions } = create()
  draft.open(rules)
  await expect(draft.save()).rejects.toThrow('look what it would change first')
  void draft.look()
  questions[0]?.answer(preview)
  await taken()
  expect([questions[0]?.method, draft.preview.value]).toEqual(['rules.preview', preview])
  const looked = draft.text.value
  draft.write(`${looked} `)
  expect(draft.preview.value).toBeUndefined()
  await expect(draft.save()).rejects.toThrow('look what it would change first')
  draft.write(looked)
  const saved = draft.save()
  expect([questions[1]?.method, questions[1]?.params]).toEqual(['rules.set', { version: '3', document: rules.document }])
  questions[1]?.answer({ rules: { ...rules, version: '4' } })
  expect([(await saved).version, draft.isOpen.value]).toEqual(['4', false])
})

test('a draft that is refused stays, and goes with who wrote it', async () => {
  const { draft, questions, changeHands } = create()
  draft.open(rules)
  void draft.look()
  questions[0]?.answer(preview)
  await taken()
  const saved = draft.save()
  questions[1]?.refuse(new Error('version_conflict'))
  await expect(saved).rejects.toThrow('version_conflict')
  expect(draft.isOpen.value).toBe(true)
  changeHands()
  expect([draft.isOpen.value, draft.text.value]).toEqual([false, ''])
})

test('rules are written as people write them, and say the same', () => {
  const text = formatDocument({ rules: [{ name: 'a "b"', who: ['x', 'y'], agents: ['*'], reason: 'r","s' }], tests: [] })
  expect(JSON.parse(text)).toEqual({ rules: [{ name: 'a "b"', who: ['x', 'y'], agents: ['*'], reason: 'r","s' }], tests: [] })
  expect(text).toContain('      "who": ["x", "y"],\n')
})
