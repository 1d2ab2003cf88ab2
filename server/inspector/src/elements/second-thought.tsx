import { useSignal } from '@preact/signals'
import { useFocusAfter } from './use-focus-after.ts'

/** A button for what cannot be taken back: it does it at a second press, after it has said what it will do. */
export function SecondThought(props: { ask: string; act: string; busy: boolean; onAct: () => void }) {
  const asks = useSignal(false)
  const button = useFocusAfter<HTMLButtonElement>(asks.value)
  if (!asks.value) {
    return (
      <button
        type="button"
        ref={button}
        class="small"
        onClick={() => {
          asks.value = true
        }}
      >
        {props.ask}
      </button>
    )
  }
  return (
    <span class="row">
      <button type="button" class="small danger" disabled={props.busy} onClick={props.onAct}>
        {props.act}
      </button>
      <button
        type="button"
        ref={button}
        class="small"
        onClick={() => {
          asks.value = false
        }}
      >
        Keep it
      </button>
    </span>
  )
}
