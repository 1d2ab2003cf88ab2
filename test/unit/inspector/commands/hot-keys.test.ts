import { expect, test } from 'vitest'
import { createHotkeyReader, type KeyPress, keysOf } from '../../../../server/inspector/src/commands/hot-keys.ts'

const press = (key: string, more: Partial<KeyPress> = {}): KeyPress => ({
  key,
  code: '',
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  ...more,
})
const read = (given: KeyPress, isMac = false) => createHotkeyReader({ isMac }).read(given, false)

test('Mod is the command key of a Mac and Ctrl elsewhere', () => {
  expect(read(press('k', { ctrlKey: true }))).toEqual(['Mod+K'])
  expect(read(press('k', { metaKey: true }), true)).toEqual(['Mod+K'])
  // The other one is another key.
  expect(read(press('k', { metaKey: true }))).not.toContain('Mod+K')
  expect(read(press('k', { ctrlKey: true }), true)).not.toContain('Mod+K')
})

test('Shift is named with letters and named keys, and not where the sign itself says it', () => {
  expect(read(press('P', { ctrlKey: true, shiftKey: true }))).toEqual(['Mod+Shift+P'])
  expect(read(press('Enter', { shiftKey: true }))).toEqual(['Shift+Enter'])
  expect(read(press('?', { shiftKey: true }))).toEqual(['?'])
  // On some keyboards / is a shifted key.
  expect(read(press('/', { shiftKey: true }))).toEqual(['/'])
})

test('where letters are not Latin the place of the key counts, and a modifier alone is nothing', () => {
  expect(read(press('л', { code: 'KeyK', ctrlKey: true }))).toEqual(['Mod+K'])
  expect(read(press('Shift', { shiftKey: true }))).toEqual([])
  expect(read(press('Dead'))).toEqual([])
})

test('two letters are a pair when the second comes soon, and not after something was typed', () => {
  let at = 0
  const reader = createHotkeyReader({ isMac: false, now: () => at })
  expect(reader.read(press('g'), false)).toEqual(['G'])
  at = 900
  expect(reader.read(press('a'), false)).toEqual(['G A', 'A'])
  at = 1_901
  expect(reader.read(press('o'), false)).toEqual(['O'])
  reader.read(press('g'), true)
  expect(reader.read(press('a'), false)).toEqual(['A'])
})

test('a hot key is shown with the names that stand on the keys', () => {
  expect(keysOf('Mod+Shift+P', false)).toEqual([['Ctrl', 'Shift', 'P']])
  expect(keysOf('Mod+Shift+P', true)).toEqual([['⌘', '⇧', 'P']])
  expect(keysOf('G A', false)).toEqual([['G'], ['A']])
})
