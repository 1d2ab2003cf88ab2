import { signal } from '@preact/signals'

/** The time of day, which advances each second: for times that are told relative to now. */
export const now = signal(Date.now())

/** Lets it advance for as long as the page is there. */
export function startClock(): void {
  setInterval(() => {
    if (!document.hidden) now.value = Date.now()
  }, 1_000)
}
