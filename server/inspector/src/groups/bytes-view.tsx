import { base64urlToBytes } from '@halibut-gateway/schemas/wire'
import { useSignal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import { CopyButton } from '../elements/copy-button.tsx'
import { bestForm, byteForms, formatBytesAs } from '../values/bytes-forms.ts'
import { formatBytes } from '../values/format.ts'
import { saveAs } from '../values/save-as.ts'

/** Bytes that are shown; all of them can be saved. */
const shownBytes = 16_384

/** Bytes of an answer as text, hex or base64, and as a file. */
export function BytesView(props: { value: string; label: string; name: string }) {
  const bytes = useMemo(() => base64urlToBytes(props.value), [props.value])
  const form = useSignal(bestForm(bytes.subarray(0, shownBytes)))
  const shown = useMemo(() => formatBytesAs(form.value, bytes.subarray(0, shownBytes)), [bytes, form.value])
  return (
    <div class="bytes" data-bytes={bytes.length}>
      <div class="row wrap">
        <fieldset class="choices" aria-label="Show the bytes as">
          {byteForms.map(each => (
            <button
              type="button"
              key={each}
              class="small"
              aria-pressed={form.value === each}
              onClick={() => {
                form.value = each
              }}
            >
              {each}
            </button>
          ))}
        </fieldset>
        <span class="quiet">{formatBytes(bytes.length)}</span>
        <span class="spacer" />
        <CopyButton text={() => formatBytesAs(form.value, bytes)} what={`the bytes as ${form.value}`} />
        <button type="button" class="small" onClick={() => saveAs(new Blob([new Uint8Array(bytes)]), props.name)}>
          Save as a file
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area has to be reachable by keyboard */}
      <section class="json" aria-label={props.label} tabIndex={0}>
        <pre>{shown}</pre>
      </section>
      {bytes.length > shownBytes && <p class="hint">These are the first {formatBytes(shownBytes)}.</p>}
    </div>
  )
}
