import type { Signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'

/** A box that a person ticks once two things have been compared; `compared` follows it. */
export function Compared({ compared, children }: { compared: Signal<boolean>; children: ComponentChildren }) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={compared.value}
        onChange={event => {
          compared.value = event.currentTarget.checked
        }}
      />{' '}
      {children}
    </label>
  )
}
