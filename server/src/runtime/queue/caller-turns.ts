/** Something that one of several callers waits for. */
interface Waiting {
  readonly caller: string | undefined
}

/**
 * What waits, by caller: the callers are served in turn, each first in first out. So nobody waits for more than one of each other caller
 * before its own next one, however much they have queued.
 */
export class CallerTurns<T extends Waiting> {
  /** The callers that wait, the one whose turn is next first. */
  readonly #lanes = new Map<string | undefined, Set<T>>()
  #size = 0

  get size(): number {
    return this.#size
  }

  add(item: T): void {
    let lane = this.#lanes.get(item.caller)
    if (!lane) {
      lane = new Set()
      this.#lanes.set(item.caller, lane)
    }
    lane.add(item)
    this.#size++
  }

  /** Takes it away, where it is there. */
  delete(item: T): void {
    const lane = this.#lanes.get(item.caller)
    if (!lane?.delete(item)) return
    this.#size--
    if (lane.size === 0) this.#lanes.delete(item.caller)
  }

  /** Gives the next one that fits and takes it away; its caller’s next turn comes after everybody else’s. */
  take<A>(fits: (item: T, as: A) => boolean, as: A): T | undefined {
    for (const [caller, lane] of this.#lanes) {
      for (const item of lane) {
        if (!fits(item, as)) continue
        this.delete(item)
        if (lane.size > 0 && this.#lanes.size > 1) {
          this.#lanes.delete(caller)
          this.#lanes.set(caller, lane)
        }
        return item
      }
    }
    return undefined
  }

  /** All of them in the order in which they would be taken if no other came and each fitted. */
  *inTurn(): Generator<T, void, undefined> {
    let lanes = [...this.#lanes.values()].map(lane => lane.values())
    while (lanes.length > 0) {
      const left: typeof lanes = []
      for (const lane of lanes) {
        const next = lane.next()
        if (next.done) continue
        yield next.value
        left.push(lane)
      }
      lanes = left
    }
  }

  /** All of them. */
  list(): T[] {
    return [...this.#lanes.values()].flatMap(lane => [...lane])
  }
}
