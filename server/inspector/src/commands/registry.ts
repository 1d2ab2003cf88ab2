import { computed, type ReadonlySignal, signal } from '@preact/signals'
import type { Hotkey } from './hot-keys.ts'

/** Something that a person can have done: by the palette, by its hot key, by a test. */
export interface Command {
  /** Such as `call.make`. */
  readonly id: string
  /** What it does, as an order: “Copy a link to this page”. */
  readonly name: string
  readonly group: CommandGroup
  readonly hotkey?: Hotkey
  /** Its hot key counts also while somebody types into a field. */
  readonly inFields?: boolean
  /** Whether it can be done now; it can where this is not said. */
  readonly isEnabled?: () => boolean
  readonly run: () => void
}

/** In this order groups are shown. */
export const commandGroups = ['This page', 'Go to', 'Gateway', 'Look'] as const
export type CommandGroup = (typeof commandGroups)[number]

/** Something that the palette has found for what was typed. */
export interface Finding {
  readonly id: string
  readonly name: string
  /** What else helps to tell it from others. */
  readonly about?: string | undefined
  readonly run: () => void
}

/** Finds things for the palette, such as agents by their name. */
export interface Finder {
  /** What is found, in the plural: `Agents`. */
  readonly group: string
  /** The best first, and few; nothing is found for nothing. */
  readonly find: (text: string) => readonly Finding[]
}

/** The one place where everything stands that can be done. */
export interface Commands {
  /** Those that there are now, by group. */
  readonly list: ReadonlySignal<readonly Command[]>
  readonly finders: ReadonlySignal<readonly Finder[]>
  /** Adds commands; gives a function that takes them away. Of two with one id or one hot key the later counts. */
  register(commands: readonly Command[]): () => void
  addFinder(finder: Finder): () => void
  /** The one that can be done now with one of these hot keys, the first of them first. */
  byHotkey(hotkeys: readonly string[], isTyping: boolean): Command | undefined
}

export function createCommands(): Commands {
  const groups = signal<readonly (readonly Command[])[]>([])
  const finders = signal<readonly Finder[]>([])
  const list = computed(() => {
    const byId = new Map<string, Command>()
    for (const command of groups.value.flat()) {
      byId.delete(command.id)
      byId.set(command.id, command)
    }
    return [...byId.values()].sort((one, other) => commandGroups.indexOf(one.group) - commandGroups.indexOf(other.group))
  })
  return {
    list,
    finders,
    register: commands => {
      groups.value = [...groups.peek(), commands]
      return () => {
        groups.value = groups.peek().filter(each => each !== commands)
      }
    },
    addFinder: finder => {
      finders.value = [...finders.peek(), finder]
      return () => {
        finders.value = finders.peek().filter(each => each !== finder)
      }
    },
    byHotkey: (hotkeys, isTyping) => {
      const ready = groups
        .peek()
        .flat()
        .filter(command => (!isTyping || command.inFields) && command.isEnabled?.() !== false)
      for (const hotkey of hotkeys) {
        const found = ready.findLast(command => command.hotkey === hotkey)
        if (found) return found
      }
      return undefined
    },
  }
}
