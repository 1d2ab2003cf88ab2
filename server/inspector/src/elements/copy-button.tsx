import { useSignal } from '@preact/signals'
import { copyText } from '../browser/copy-text.ts'

const saidMs = 1_500

/** Copies a text, and says so. `text` may be made when it is wanted. */
export function CopyButton(props: { text: string | (() => string); what: string; label?: string }) {
  const state = useSignal<'ready' | 'copied' | 'failed'>('ready')
  const copy = async (): Promise<void> => {
    state.value = (await copyText(typeof props.text === 'string' ? props.text : props.text())) ? 'copied' : 'failed'
    setTimeout(() => {
      state.value = 'ready'
    }, saidMs)
  }
  return (
    <button type="button" class="copy" aria-label={`Copy ${props.what}`} title={`Copy ${props.what}`} onClick={() => void copy()}>
      <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true" focusable="false">
        {state.value === 'copied' ? (
          <path d="m2.5 8.5 3.5 3.5 7.5-8" fill="none" stroke="currentColor" stroke-width="2" />
        ) : (
          <path d="M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3" fill="none" stroke="currentColor" stroke-width="1.4" stroke-linejoin="round" />
        )}
      </svg>
      {props.label !== undefined && <span>{props.label}</span>}
      <span class="said" role="status">
        {state.value === 'copied' ? 'Copied' : state.value === 'failed' ? 'Select it and copy it by hand' : ''}
      </span>
    </button>
  )
}
