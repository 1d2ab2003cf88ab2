import { isMac } from '../browser/platform.ts'
import { type Hotkey, keysOf } from '../commands/hot-keys.ts'

/** A hot key as it stands on the keys. */
export function Keys({ hotkey }: { hotkey: Hotkey }) {
  return (
    <span class="keys">
      {keysOf(hotkey, isMac).map((chord, i) => (
        <span key={i}>
          {i > 0 && <span class="then"> then </span>}
          {chord.map(key => (
            <kbd key={key}>{key}</kbd>
          ))}
        </span>
      ))}
    </span>
  )
}
