import { type ReadonlySignal, signal } from '@preact/signals'

/** What the gateway is asked now and then, for as long as somebody looks. */
export interface Asked<T> {
  /** The newest answer; `undefined` until there is one. */
  readonly value: ReadonlySignal<T | undefined>
  /** Why there is no newer one. */
  readonly problem: ReadonlySignal<unknown>
  /** Asks, or asks once more where it is being asked: what comes of that counts. */
  again(): void
  close(): void
}

/**
 * - `pauses`: it was asked just now
 * - `again`: it is to be asked once more
 */
type State =
  | { readonly at: 'rests' | 'closed' }
  | { readonly at: 'asks'; readonly again: boolean }
  | { readonly at: 'pauses'; readonly again: boolean; readonly timer: ReturnType<typeof setTimeout> }

/** Asks by `ask`, at most once at a time, and not again before `pauseMs` have passed. */
export function createAsked<T>(ask: () => Promise<T>, pauseMs = 250): Asked<T> {
  const value = signal<T | undefined>(undefined)
  const problem = signal<unknown>(undefined)
  let state: State = { at: 'rests' }
  const isClosed = (): boolean => state.at === 'closed'

  async function run(): Promise<void> {
    state = { at: 'asks', again: false }
    try {
      const answer = await ask()
      if (isClosed()) return
      value.value = answer
      problem.value = undefined
    } catch (why) {
      if (isClosed()) return
      problem.value = why
    }
    pause()
  }

  function pause(): void {
    const timer = setTimeout(() => {
      const isWanted = state.at === 'pauses' && state.again
      state = { at: 'rests' }
      if (isWanted) void run()
    }, pauseMs)
    state = { at: 'pauses', again: state.at === 'asks' && state.again, timer }
  }

  return {
    value,
    problem,
    again: () => {
      if (state.at === 'rests') void run()
      else if (state.at === 'asks' || state.at === 'pauses') state = { ...state, again: true }
    },
    close: () => {
      if (state.at === 'pauses') clearTimeout(state.timer)
      state = { at: 'closed' }
    },
  }
}
