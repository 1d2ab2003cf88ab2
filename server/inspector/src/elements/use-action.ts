import { type Signal, useSignal } from '@preact/signals'

/** Something that the gateway is asked for, and what became of it. */
export interface Action {
  readonly isBusy: Signal<boolean>
  readonly problem: Signal<unknown>
  /** Does it, unless it is being done; resolves to whether it was done. */
  run(what: () => Promise<unknown>): Promise<boolean>
}

/** For a button that asks the gateway for something. */
export function useAction(): Action {
  const isBusy = useSignal(false)
  const problem = useSignal<unknown>(undefined)
  return {
    isBusy,
    problem,
    run: async what => {
      if (isBusy.peek()) return false
      isBusy.value = true
      problem.value = undefined
      try {
        await what()
        return true
      } catch (error) {
        problem.value = error
        return false
      } finally {
        isBusy.value = false
      }
    },
  }
}
