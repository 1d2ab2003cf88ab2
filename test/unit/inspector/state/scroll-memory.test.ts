import { expect, test } from 'vitest'
import { createScrollMemory } from '../../../../server/inspector/src/state/scroll-memory.ts'

function createTab() {
  const kept = new Map<string, string>()
  return {
    kept,
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  }
}

test('how far a place was scrolled is known again, also after a reload, of the last fifty places', () => {
  const tab = createTab()
  const memory = createScrollMemory(tab)
  for (let i = 0; i < 60; i++) memory.keep(`place-${i}`, { '': i, agents: i * 2 })
  expect(memory.of('place-59')).toEqual({ '': 59, agents: 118 })
  expect(memory.of('place-9')).toBeUndefined()
  expect(createScrollMemory(tab).of('place-10')).toEqual({ '': 10, agents: 20 })
})

test('a tab that has no room, or keeps what nobody wrote, is no reason to fail', () => {
  const full = {
    getItem: () => '{"no": "list"}',
    setItem: () => {
      throw new Error('full')
    },
  }
  const memory = createScrollMemory(full)
  memory.keep('here', { '': 3 })
  expect(memory.of('here')).toEqual({ '': 3 })
})
