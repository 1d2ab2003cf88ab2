import { base64urlToBytes } from '@halibut-gateway/schemas/wire'
import { useSignal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import { Choices } from '../elements/choices.tsx'
import { CopyButton } from '../elements/copy-button.tsx'
import { ScrollArea } from '../elements/scroll-area.tsx'
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
        <Choices
          label="Show the bytes as"
          all={byteForms}
          chosen={form.value}
          onChoose={each => {
            form.value = each
          }}
        />
        <span class="quiet">{formatBytes(bytes.length)}</span>
        <span class="spacer" />
        <CopyButton text={() => formatBytesAs(form.value, bytes)} what={`the bytes as ${form.value}`} />
        <button type="button" class="small" onClick={() => saveAs(new Blob([new Uint8Array(bytes)]), props.name)}>
          Save as a file
        </button>
      </div>
      <ScrollArea class="json" label={props.label}>
        {shown}
      </ScrollArea>
      {bytes.length > shownBytes && <p class="hint">These are the first {formatBytes(shownBytes)}.</p>}
    </div>
  )
}
