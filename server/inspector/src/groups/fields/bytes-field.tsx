import { base64urlToBytes, bytesToBase64url, isBase64url } from '@halibut-gateway/schemas/wire'
import { useSignal } from '@preact/signals'
import { useId } from 'preact/hooks'
import { Choices } from '../../elements/choices.tsx'
import { form } from '../../page.ts'
import { type ByteForm, bestForm, byteForms, formatBytesAs, parseBytesAs } from '../../values/bytes-forms.ts'
import { formatBytes } from '../../values/format.ts'
import { type FieldProps, Labelled } from './field.tsx'

/** Longer bytes are not shown in a field. */
const shownFieldBytes = 65_536
/** Begins what is typed and is no bytes yet: nothing that begins so is base64url. */
const unfinished = '?'

/** Bytes, typed as text, hex or base64, or out of a file. */
export function BytesField({ label, type, marks, value, path, onChange }: FieldProps) {
  const id = useId()
  const bytes = typeof value === 'string' && isBase64url(value) ? base64urlToBytes(value) : undefined
  // What is typed and is no bytes yet comes back with the form.
  const left = typeof value === 'string' && value.startsWith(unfinished) ? value.slice(1) : undefined
  const kind = useSignal<ByteForm>(left !== undefined || (bytes && bestForm(bytes) === 'hex') ? 'hex' : 'text')
  const typed = useSignal<string | undefined>(left)
  const file = useSignal<string | undefined>(undefined)
  const isTyped = typed.value !== undefined && jsonOf(kind.value, typed.value) === value
  const isBroken = isTyped && parseBytesAs(kind.value, typed.value ?? '') === undefined
  const take = (text: string): void => {
    typed.value = text
    file.value = undefined
    onChange(jsonOf(kind.value, text))
  }
  const takeFile = async (dropped: File): Promise<void> => {
    const content = new Uint8Array(await dropped.arrayBuffer())
    typed.value = undefined
    file.value = dropped.name
    if (bestForm(content) === 'hex') kind.value = 'hex'
    onChange(bytesToBase64url(content))
  }
  const hint = `${formatBytes(bytes?.length ?? 0)}${file.value === undefined ? '' : ` of ${file.value}`}`
  const problem = isBroken ? `This is no ${kind.value} yet.` : undefined
  const isLong = bytes !== undefined && bytes.length > shownFieldBytes
  return (
    <Labelled
      id={id}
      label={label}
      type={type}
      marks={marks}
      path={path}
      hint={hint}
      problem={problem}
      onFile={dropped => void takeFile(dropped)}
    >
      <textarea
        id={id}
        rows={2}
        class="mono"
        spellcheck={false}
        autocomplete="off"
        value={isTyped ? typed.value : bytes && !isLong ? formatBytesAs(kind.value, bytes) : ''}
        placeholder={isLong ? 'too long to be shown' : undefined}
        aria-invalid={isBroken || form.errors.value.has(path)}
        aria-describedby={`${id}-note`}
        onInput={event => take(event.currentTarget.value)}
      />
      <div class="row wrap">
        <Choices
          label={`${label} is typed as`}
          all={byteForms}
          chosen={kind.value}
          onChoose={each => {
            kind.value = each
            typed.value = undefined
          }}
        />
        <input
          type="file"
          class="file"
          aria-label={`${label} out of a file`}
          onChange={event => {
            const chosen = event.currentTarget.files?.[0]
            if (chosen) void takeFile(chosen)
          }}
        />
      </div>
    </Labelled>
  )
}

function jsonOf(kind: ByteForm, text: string): string {
  const parsed = parseBytesAs(kind, text)
  // What is no bytes yet is refused where the arguments are checked.
  return parsed ? bytesToBase64url(parsed) : `${unfinished}${text}`
}
