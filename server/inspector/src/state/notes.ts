import { type ReadonlySignal, signal } from '@preact/signals'

/** Something that is told in passing. */
export interface Note {
  readonly id: number
  readonly text: string
  readonly kind: 'good' | 'bad'
}

/** What is told in passing, to who sees the page and to who hears it. */
export interface Notes {
  /** The oldest first. */
  readonly list: ReadonlySignal<readonly Note[]>
  /** Tells of something; it goes by itself after a while. `bad`: of something that did not work out. */
  say(text: string, kind?: Note['kind']): void
  dismiss(note: Note): void
}

/** What went wrong stays longer, since one wants to know why. */
const shownMs = { good: 5_000, bad: 12_000 } as const
const mostShown = 4

/** `later`: calls back after so many milliseconds. */
export function createNotes(later: (run: () => void, ms: number) => unknown = setTimeout): Notes {
  const list = signal<readonly Note[]>([])
  let number = 0
  const dismiss = (note: Note): void => {
    list.value = list.peek().filter(each => each !== note)
  }
  return {
    list,
    say: (text, kind = 'good') => {
      const note = { id: ++number, text, kind }
      // What is said again is one note, and stays as long as a new one.
      list.value = [...list.peek().filter(each => each.text !== text), note].slice(-mostShown)
      later(() => dismiss(note), shownMs[kind])
    },
    dismiss,
  }
}
