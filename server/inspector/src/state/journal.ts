import { type ReadonlySignal, signal } from '@preact/signals'

/** Which of many things changed: for who keeps up with them instead of beginning anew. */
export interface Journal {
  /** Advances with each telling; what reads the things reads it. */
  readonly version: ReadonlySignal<number>
  /** The ids of those that changed since a version; `undefined`: perhaps all of them did. */
  since(version: number): ReadonlySet<string> | undefined
}

/** A journal, and the ways to write it. Who looks is told at most once for each `soon`, which calls what it is given a little later. */
export interface WrittenJournal extends Journal {
  /** These changed. */
  note(ids: Iterable<string>): void
  /** Others have taken their place. `now`: who looks is told at once. */
  everything(now?: boolean): void
}

/** So many tellings are remembered. */
const remembered = 64

export function createJournal(soon: (tell: () => void) => void): WrittenJournal {
  const version = signal(0)
  /** What changed with each of the newest versions, the newest last; `undefined`: perhaps all. */
  const told: (ReadonlySet<string> | undefined)[] = []
  let next: Set<string> | undefined = new Set()
  let isTold = true

  function tell(): void {
    told.push(next)
    if (told.length > remembered) told.shift()
    next = new Set()
    isTold = true
    version.value++
  }

  function later(): void {
    if (!isTold) return
    isTold = false
    soon(() => {
      if (!isTold) tell()
    })
  }

  return {
    version,
    since: from => {
      const missed = version.peek() - from
      if (missed === 0) return new Set()
      if (missed > told.length) return undefined
      const all = new Set<string>()
      for (const ids of told.slice(-missed)) {
        if (!ids) return undefined
        for (const id of ids) all.add(id)
      }
      return all
    },
    note: ids => {
      if (next) for (const id of ids) next.add(id)
      later()
    },
    everything: (now = false) => {
      next = undefined
      if (now) tell()
      else later()
    },
  }
}
