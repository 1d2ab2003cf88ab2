import { useLayoutEffect, useRef } from 'preact/hooks'
import { Dialog } from '../elements/dialog.tsx'
import { Keys } from '../elements/keys.tsx'
import { palette } from '../page.ts'
import { counted } from '../values/format.ts'
import type { PaletteLine } from './palette.ts'

/** What can be done and found, narrowed by what is typed. */
export function PaletteSheet() {
  const groups = palette.groups.value
  const active = palette.active.value
  const count = groups.reduce((sum, { lines }) => sum + lines.length, 0)
  const box = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => box.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' }), [active])

  function take(line: PaletteLine): void {
    // The focus is back where it was before the command moves it.
    box.current?.closest('dialog')?.close()
    palette.close()
    line.run()
  }

  return (
    <Dialog label="Commands" class="palette" onClose={palette.close}>
      <input
        type="text"
        role="combobox"
        aria-label="What to do or to find"
        placeholder="What to do, or an agent, its tag, a page"
        aria-expanded="true"
        aria-controls="palette-lines"
        aria-autocomplete="list"
        aria-activedescendant={active && idOf(active)}
        autocomplete="off"
        spellcheck={false}
        value={palette.typed.value}
        onInput={event => palette.type(event.currentTarget.value)}
        onKeyDown={event => {
          if (event.key === 'ArrowDown' || event.key === 'ArrowUp') palette.move(event.key === 'ArrowDown' ? 1 : -1)
          else if (event.key === 'Enter' && active && !event.isComposing) take(active)
          else return
          event.preventDefault()
          event.stopPropagation()
        }}
      />
      <div ref={box} class="lines" role="listbox" id="palette-lines" aria-label="What fits">
        {groups.map(({ name, lines }) => (
          // biome-ignore lint/a11y/useSemanticElements: a group of options has no element of its own
          <div role="group" aria-label={name} key={name}>
            <p class="group" aria-hidden="true">
              {name}
            </p>
            {lines.map(line => (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the field above
              <div
                key={line.id}
                id={idOf(line)}
                role="option"
                aria-selected={line === active}
                tabIndex={-1}
                class="line"
                data-command={line.id}
                onPointerMove={() => palette.point(line)}
                onClick={() => take(line)}
              >
                <span class="name">
                  <Marked text={line.name} hits={line.hits} />
                </span>
                {line.about !== undefined && <span class="about">{line.about}</span>}
                {line.hotkey !== undefined && <Keys hotkey={line.hotkey} />}
              </div>
            ))}
          </div>
        ))}
        {count === 0 && <p class="hint">Nothing fits. Other words for it may help.</p>}
      </div>
      <p class="off-screen" role="status">
        {counted(count, 'line')}
      </p>
      <p class="foot hint" aria-hidden="true">
        <kbd>↑</kbd> <kbd>↓</kbd> choose <kbd>↩</kbd> do it <kbd>Esc</kbd> close
      </p>
    </Dialog>
  )
}

function idOf({ id }: PaletteLine): string {
  return `line-${id}`
}

/** A text with the letters that were typed set off. */
function Marked({ text, hits }: { text: string; hits: readonly number[] }) {
  const parts: { readonly isHit: boolean; text: string }[] = []
  for (let i = 0; i < text.length; i++) {
    const isHit = hits.includes(i)
    const last = parts.at(-1)
    if (last?.isHit === isHit) last.text += text[i]
    else parts.push({ isHit, text: text[i] ?? '' })
  }
  return <>{parts.map((part, i) => (part.isHit ? <mark key={i}>{part.text}</mark> : part.text))}</>
}
