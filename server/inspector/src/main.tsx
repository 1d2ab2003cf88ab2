import { render } from 'preact'
import { App } from './app.tsx'
import { startKeys } from './keys.ts'
import { startClock } from './state/clock.ts'

const page = document.getElementById('page')
if (page) {
  startClock()
  startKeys()
  render(<App />, page)
}
