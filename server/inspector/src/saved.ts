import { agents, session } from './page.ts'
import { now } from './state/clock.ts'
import { type BrowserStorage, createSavedCalls } from './state/saved-calls.ts'
import { createSavedRuns } from './state/saved-runs.ts'

// The stores of saved calls: they come with the first who needs them, and not with the page.

export const savedCalls = createSavedCalls(browserStorage(), location.pathname, listener =>
  addEventListener('storage', ({ key, storageArea }) => {
    if (storageArea === localStorage) listener(key)
  }),
)
export const savedRuns = createSavedRuns(session, agents, () => now.value)

/** That of the browser; where it lets the page keep nothing, one that ends with the page and says so at each change. */
function browserStorage(): BrowserStorage {
  try {
    return localStorage
  } catch {
    return {
      length: 0,
      key: () => null,
      getItem: () => null,
      setItem: () => {
        throw new Error('this browser keeps nothing')
      },
      removeItem: () => undefined,
    }
  }
}
