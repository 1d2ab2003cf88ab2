import { expect, test } from 'vitest'
import { createTheme } from '../../../../server/inspector/src/state/theme.ts'

test('the colours follow the system until somebody chooses, and what is chosen is kept and can be taken back', () => {
  const kept = new Map<string, string>()
  const shown: string[] = []
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  }
  const theme = createTheme(storage, choice => shown.push(choice))
  expect([theme.value, kept.size]).toEqual(['auto', 0])
  theme.value = 'dark'
  expect(createTheme(storage, () => undefined).value).toBe('dark')
  theme.value = 'auto'
  expect([shown, kept.size]).toEqual([['auto', 'dark', 'auto'], 0])
  kept.set('halibut-gateway.theme', 'plaid')
  expect(createTheme(storage, () => undefined).value).toBe('auto')
})
