type Letter =
  | ('A' | 'B' | 'C' | 'D' | 'E' | 'F' | 'G' | 'H' | 'I' | 'J' | 'K' | 'L' | 'M')
  | ('N' | 'O' | 'P' | 'Q' | 'R' | 'S' | 'T' | 'U' | 'V' | 'W' | 'X' | 'Y' | 'Z')
type Key =
  | Letter
  | '0'
  | '1'
  | '2'
  | '3'
  | '4'
  | '5'
  | '6'
  | '7'
  | '8'
  | '9'
  | '/'
  | '?'
  | '.'
  | ','
  | '['
  | ']'
  | 'Enter'
  | 'Escape'
  | 'Delete'

/**
 * Keys that are pressed together, such as `Mod+Shift+P`, or two letters one after the other, such as `G A`. `Mod` is the command key of a Mac and
 * Ctrl elsewhere. What Shift makes of a key stands there itself: `?`, not `Shift+/`.
 */
export type Hotkey = `${'' | 'Mod+' | 'Mod+Shift+' | 'Mod+Alt+' | 'Shift+' | 'Alt+'}${Key}` | `${Letter} ${Letter}`

/** What is known of a key that was pressed. */
export type KeyPress = Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey'>

/** How long the second letter may be waited for. */
const pairMs = 1_000

/** Reads presses one after the other. */
export interface HotkeyReader {
  /** What a press may mean: with the one before it, and alone. `isTyping`: a letter is then text, and no beginning of a hot key. */
  read(press: KeyPress, isTyping: boolean): readonly string[]
}

export function createHotkeyReader({
  isMac,
  now = () => performance.now(),
}: {
  readonly isMac: boolean
  readonly now?: () => number
}): HotkeyReader {
  let before: { readonly chord: string; readonly at: number } | undefined
  return {
    read: (press, isTyping) => {
      const chord = chordOf(press, isMac)
      if (chord === undefined) return []
      const pair = before && now() - before.at <= pairMs ? [`${before.chord} ${chord}`] : []
      before = isTyping ? undefined : { chord, at: now() }
      return [...pair, chord]
    },
  }
}

/** A press as a hot key is written; `undefined` for a modifier alone. */
function chordOf(press: KeyPress, isMac: boolean): string | undefined {
  const { key, code, ctrlKey, metaKey, shiftKey, altKey } = press
  if (['Control', 'Meta', 'Shift', 'Alt', 'AltGraph', 'CapsLock', 'Dead', 'Process', 'Unidentified'].includes(key)) return undefined
  // Where letters are not Latin ones, the place of the key counts.
  const isForeign = key.length === 1 && key.charCodeAt(0) > 127
  const name = isForeign && code.startsWith('Key') ? code.slice(3) : key.length === 1 ? key.toUpperCase() : key
  const isShifted = shiftKey && (name.length > 1 || /^[A-Z]$/.test(name))
  const [mod, other] = isMac ? [metaKey, ctrlKey] : [ctrlKey, metaKey]
  return [other && 'Other', mod && 'Mod', isShifted && 'Shift', altKey && 'Alt', name].filter(part => part !== false).join('+')
}

/** The keys of a hot key as they stand on a keyboard; two that follow each other are two lists. */
export function keysOf(hotkey: Hotkey, isMac: boolean): readonly (readonly string[])[] {
  const names: Readonly<Record<string, string>> = isMac
    ? { Mod: '⌘', Shift: '⇧', Alt: '⌥', Enter: '↩', Escape: 'esc' }
    : { Mod: 'Ctrl', Escape: 'Esc' }
  return hotkey.split(' ').map(chord => chord.split('+').map(part => names[part] ?? part))
}
