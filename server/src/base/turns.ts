/** How long work on the event loop may go on before others have their turn. */
const sliceMs = 5

const waiting: (() => void)[] = []

/** One at a time: however many are at work, what the loop has to do beside them waits for one slice only. */
function next(): void {
  const resume = waiting.shift()
  if (waiting.length > 0) setImmediate(next)
  resume?.()
}

/** Work that may take long, in slices: whoever does it asks now and then whether it is time, and waits for its next turn. */
export class Turns {
  #beganMs = performance.now()

  /** `undefined`: go on. A promise: wait for it first, since others are to have their turn. */
  take(): Promise<void> | undefined {
    return performance.now() - this.#beganMs < sliceMs ? undefined : this.next()
  }

  /** The next turn, however short this one was. */
  next(): Promise<void> {
    return new Promise<void>(resolve => {
      waiting.push(() => {
        this.#beganMs = performance.now()
        resolve()
      })
      if (waiting.length === 1) setImmediate(next)
    })
  }
}
