import { expect, test } from 'vitest'
import { type Command, createCommands } from '../../../../server/inspector/src/commands/registry.ts'

const command = (id: string, more: Partial<Command> = {}): Command => ({ id, name: id, group: 'Go to', run: () => undefined, ...more })

test('commands are there from their registration until it is taken back, in the order of their groups', () => {
  const commands = createCommands()
  commands.register([command('one'), command('two', { group: 'Look' })])
  const takeBack = commands.register([command('three', { group: 'This page' })])
  expect(commands.list.value.map(({ id }) => id)).toEqual(['three', 'one', 'two'])
  takeBack()
  expect(commands.list.value.map(({ id }) => id)).toEqual(['one', 'two'])
})

test('of two with one id or one hot key the later counts, and the earlier is there again after it', () => {
  const commands = createCommands()
  commands.register([command('same', { name: 'first' }), command('search', { hotkey: '/' })])
  const takeBack = commands.register([command('same', { name: 'second' }), command('other', { hotkey: '/' })])
  expect(commands.list.value.find(({ id }) => id === 'same')?.name).toBe('second')
  expect(commands.byHotkey(['/'], false)?.id).toBe('other')
  takeBack()
  expect(commands.list.value.find(({ id }) => id === 'same')?.name).toBe('first')
  expect(commands.byHotkey(['/'], false)?.id).toBe('search')
})

test('while somebody types only marked hot keys count, and one that cannot be done gives way to the next', () => {
  const commands = createCommands()
  commands.register([
    command('search', { hotkey: '/' }),
    command('make', { hotkey: 'Mod+Enter', inFields: true }),
    command('never', { hotkey: 'Mod+Enter', isEnabled: () => false }),
  ])
  expect(commands.byHotkey(['/'], true)).toBeUndefined()
  expect(commands.byHotkey(['Mod+Enter'], true)?.id).toBe('make')
  expect(commands.byHotkey(['G /', '/'], false)?.id).toBe('search')
  expect(commands.byHotkey(['Mod+Q'], false)).toBeUndefined()
})
