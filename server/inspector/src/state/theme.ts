import { effect, type Signal, signal } from '@preact/signals'

/** `auto` follows the system. */
export const themes = ['auto', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

const storageKey = 'halibut-gateway.theme'

/** The colours that somebody wants, kept by the browser. `show` hears of each change, and of the first one. */
export function createTheme(storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>, show: (theme: Theme) => void): Signal<Theme> {
  const kept = storage.getItem(storageKey)
  const theme = signal<Theme>(themes.find(each => each === kept) ?? 'auto')
  effect(() => {
    show(theme.value)
    if (theme.value === 'auto') storage.removeItem(storageKey)
    else storage.setItem(storageKey, theme.value)
  })
  return theme
}
