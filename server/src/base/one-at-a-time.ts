/** Changes that come one after another: each begins with what the one before has left, kept or taken back. */
export class OneAtATime {
  #last: Promise<unknown> = Promise.resolve()

  /** Settles as the change does. */
  run<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#last.then(change)
    this.#last = done.catch(() => undefined)
    return done
  }
}
