import { render } from 'preact'
import { App } from './app.tsx'
import { startActivity } from './browser/activity.ts'
import { scrolledNow } from './browser/scrolling.ts'
import { startKeys } from './keys.ts'
import { activity, router, scrolled } from './page.ts'
import { startClock } from './state/clock.ts'

const page = document.getElementById('page')
if (page) {
  startActivity(activity)
  startClock()
  startScrolling()
  startKeys()
  render(<App />, page)
}

/** The page scrolls back by itself, when what it shows is there; a reload counts as coming back. */
function startScrolling(): void {
  history.scrollRestoration = 'manual'
  addEventListener('pagehide', () => scrolled.keep(router.entry.peek().key, scrolledNow()))
}
