import { Turns } from './turns.ts'

/** Does work in slices, between which others have their turn. `goesOn` is asked at each turn: what it throws ends the work. */
export async function inTurns<T>(work: Generator<unknown, T, undefined>, goesOn?: () => void): Promise<T> {
  const turns = new Turns()
  for (;;) {
    const step = work.next()
    if (step.done) return step.value
    const turn = turns.take()
    if (!turn) continue
    await turn
    goesOn?.()
  }
}
