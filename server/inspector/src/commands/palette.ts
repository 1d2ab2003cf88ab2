import { batch, computed, type ReadonlySignal, signal } from '@preact/signals'
import { type Match, match } from './matching.ts'
import { type Command, type Commands, commandGroups } from './registry.ts'

/** A line of the palette. */
export interface PaletteLine {
  readonly id: string
  readonly name: string
  readonly about?: string | undefined
  readonly hotkey?: Command['hotkey']
  /** Which letters of the name were typed. */
  readonly hits: readonly number[]
  readonly run: () => void
}

/** Lines that belong together. */
export interface PaletteGroup {
  readonly name: string
  readonly lines: readonly PaletteLine[]
}

/** The list of all that can be done and found, narrowed by what is typed. */
export interface Palette {
  /** Which of the two sheets over the page is shown. */
  readonly shown: ReadonlySignal<'palette' | 'help' | undefined>
  readonly typed: ReadonlySignal<string>
  readonly groups: ReadonlySignal<readonly PaletteGroup[]>
  /** The line that Enter means. */
  readonly active: ReadonlySignal<PaletteLine | undefined>
  open(sheet: 'palette' | 'help'): void
  type(text: string): void
  close(): void
  /** To the next line or the one before; around at the ends. */
  move(by: 1 | -1): void
  point(line: PaletteLine): void
}

/** Kept of what is typed: nobody types more. */
const mostTyped = 200

export function createPalette(commands: Commands): Palette {
  const shown = signal<'palette' | 'help' | undefined>(undefined)
  const text = signal('')
  const at = signal(0)

  const groups = computed<readonly PaletteGroup[]>(() => {
    if (shown.value !== 'palette') return []
    const typed = text.value.trim()
    const ranked = commands.list.value
      .filter(command => command.isEnabled?.() !== false)
      .map(command => ({ command, fits: match(typed, command.name) }))
      .filter((each): each is { command: Command; fits: Match } => each.fits !== undefined)
    const own = commandGroups.map(name => {
      const inGroup = ranked.filter(({ command }) => command.group === name)
      const best = Math.max(...inGroup.map(({ fits }) => fits.score))
      const lines = inGroup
        .sort((one, other) => (typed === '' ? 0 : other.fits.score - one.fits.score))
        .map(({ command, fits }) => ({ ...command, hits: fits.hits }))
      return { name, lines, best }
    })
    if (typed === '') return own.filter(({ lines }) => lines.length > 0)
    const found = commands.finders.value.map(({ group, find }) => {
      const lines = find(typed).map(lineOf)
      return { name: group, lines, best: Math.max(...lines.map(({ name }) => match(typed, name)?.score ?? 0)) }
    })
    // What fits best stands first.
    return [...own, ...found].filter(({ lines }) => lines.length > 0).sort((one, other) => other.best - one.best)

    function lineOf(finding: Omit<PaletteLine, 'hits'>): PaletteLine {
      return { ...finding, hits: match(typed, finding.name)?.hits ?? [] }
    }
  })
  const lines = computed(() => groups.value.flatMap(group => group.lines))
  const active = computed(() => lines.value[Math.min(at.value, lines.value.length - 1)])

  function type(next: string): void {
    batch(() => {
      text.value = next.slice(0, mostTyped)
      at.value = 0
    })
  }

  return {
    shown,
    typed: text,
    groups,
    active,
    open: sheet => {
      batch(() => {
        type('')
        shown.value = sheet
      })
    },
    type,
    close: () => {
      shown.value = undefined
    },
    move: by => {
      const count = lines.peek().length
      if (count > 0) at.value = (Math.min(at.peek(), count - 1) + by + count) % count
    },
    point: line => {
      const index = lines.peek().indexOf(line)
      if (index >= 0) at.value = index
    },
  }
}
