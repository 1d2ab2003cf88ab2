import type { ChangingThings } from './changed-items.ts'

/** Things of which a reader may not see all. */
export interface GuardedThings<T> extends Pick<ChangingThings<T>, 'chars' | 'item' | 'onChange'> {
  ids(): readonly string[]
  /** As the reader may see it now; `undefined`: it may not, or it is not there. */
  seen(id: string): T | undefined
  /** Calls `listener` after each change of what may be seen; gives a function that ends this. */
  onSight(listener: () => void): () => void
}

/** Those that one reader may see: what it may not see any more is gone for it, and of others it hears nothing. */
export class SeenThings<T> implements ChangingThings<T> {
  readonly #things: GuardedThings<T>
  /** What it was told of and is still there for it. */
  readonly #known = new Set<string>()

  constructor(things: GuardedThings<T>) {
    this.#things = things
  }

  ids(): string[] {
    return this.#things.ids().filter(id => this.#things.seen(id) !== undefined)
  }

  get(id: string): T | undefined {
    const thing = this.#things.seen(id)
    if (thing) this.#known.add(id)
    else this.#known.delete(id)
    return thing
  }

  chars(told: T): number {
    return this.#things.chars(told)
  }

  item(type: 'snapshot' | 'changed', told: T[]): object {
    return this.#things.item(type, told)
  }

  onChange(listener: (id: string) => void): () => void {
    const stops = [
      this.#things.onChange(id => {
        if (this.#known.has(id) || this.#things.seen(id)) listener(id)
      }),
      this.#things.onSight(() => {
        for (const id of this.#things.ids()) if (this.#known.has(id) !== (this.#things.seen(id) !== undefined)) listener(id)
      }),
    ]
    return () => {
      for (const stop of stops) stop()
    }
  }
}
