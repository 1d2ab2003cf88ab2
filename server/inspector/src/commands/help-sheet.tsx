import { Dialog } from '../elements/dialog.tsx'
import { Keys } from '../elements/keys.tsx'
import { commands, palette } from '../page.ts'
import { commandGroups } from './registry.ts'

/** The hot keys that there are here. */
export function HelpSheet() {
  const withKeys = commands.list.value.filter(({ hotkey }) => hotkey !== undefined)
  return (
    <Dialog label="Keyboard shortcuts" class="help" onClose={palette.close}>
      <div class="row">
        <h2>Keyboard shortcuts</h2>
        <span class="spacer" />
        <button type="button" class="small" onClick={palette.close}>
          Close
        </button>
      </div>
      <div class="halves">
        {commandGroups.map(group => {
          const own = withKeys.filter(command => command.group === group)
          return (
            own.length > 0 && (
              <section key={group} aria-label={group}>
                <h3>{group}</h3>
                <ul>
                  {own.map(({ id, name, hotkey, isEnabled }) => (
                    <li key={id} class={isEnabled?.() === false ? 'quiet' : undefined} data-shortcut={hotkey}>
                      <span>{name}</span>
                      {hotkey !== undefined && <Keys hotkey={hotkey} />}
                    </li>
                  ))}
                </ul>
              </section>
            )
          )
        })}
      </div>
      <p class="hint">
        Those of letters count while no field has the focus. In lists the arrow keys, Page Up, Page Down, Home and End move.
      </p>
    </Dialog>
  )
}
