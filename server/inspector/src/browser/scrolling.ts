import type { Scrolled } from '../state/scroll-memory.ts'

/** What scrolls in itself and is to be found again as it was says so with `data-scroll`, a name. */
const scrollers = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>('[data-scroll]')]

/** How far the page and what scrolls in it is scrolled now. */
export function scrolledNow(): Scrolled {
  const inner = scrollers().map(element => [element.dataset['scroll'] ?? '', element.scrollTop] as const)
  return Object.fromEntries([['', window.scrollY] as const, ...inner])
}

/** Scrolls all of it as it was; what was not told of is at its top. */
export function scrollTo(scrolled: Scrolled): void {
  window.scrollTo(0, scrolled[''] ?? 0)
  for (const element of scrollers()) element.scrollTop = scrolled[element.dataset['scroll'] ?? ''] ?? 0
}
