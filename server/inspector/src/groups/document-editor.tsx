import { useRef } from 'preact/hooks'
import { lineAndColumn, type TextProblem } from '../values/json-places.ts'
import type { TextRange } from '../values/json-text.ts'
import { TextProblems } from './text-problems.tsx'

const shownProblems = 12
/** A longer file is none of those that are edited here. */
const mostBytes = 2 * 1024 * 1024

interface DocumentEditorProps {
  readonly id: string
  readonly label: string
  readonly text: string
  readonly problems: readonly TextProblem[]
  readonly rows?: number
  readonly placeholder?: string
  onChange(text: string): void
  /** Told why a file cannot be opened. */
  onRefused(why: Error): void
}

/** A document of JSON that is typed, pasted, dropped or opened from a file, with what is wrong with it and where. */
export function DocumentEditor(props: DocumentEditorProps) {
  const { id, text, problems } = props
  const area = useRef<HTMLTextAreaElement>(null)
  const open = async (file: File | undefined): Promise<void> => {
    if (!file) return
    if (file.size > mostBytes) props.onRefused(new Error(`${file.name} has ${file.size} bytes: at most ${mostBytes} are opened here`))
    else props.onChange(await file.text())
  }
  const show = (place: TextRange): void => {
    area.current?.focus()
    area.current?.setSelectionRange(place.from, place.to)
    const { line } = lineAndColumn(text, place.from)
    const height = Number.parseFloat(getComputedStyle(area.current ?? document.body).lineHeight)
    area.current?.scrollTo({ top: Math.max(0, (line - 4) * height) })
  }
  return (
    <div class="field document-editor">
      <div class="row wrap">
        <label for={id}>{props.label}</label>
        <span class="spacer" />
        <label class="button small">
          Open a file
          <input
            type="file"
            class="off-screen"
            accept=".json,application/json"
            onChange={event => {
              void open(event.currentTarget.files?.[0])
              event.currentTarget.value = ''
            }}
          />
        </label>
      </div>
      <textarea
        ref={area}
        id={id}
        rows={props.rows ?? 16}
        spellcheck={false}
        autocomplete="off"
        placeholder={props.placeholder}
        value={text}
        aria-invalid={text.trim() !== '' && problems.length > 0}
        aria-describedby={`${id}-problems`}
        onInput={event => props.onChange(event.currentTarget.value)}
        onDragOver={event => event.preventDefault()}
        onDrop={event => {
          const file = event.dataTransfer?.files[0]
          if (!file) return
          event.preventDefault()
          void open(file)
        }}
      />
      <div id={`${id}-problems`} role="status">
        {text.trim() !== '' && problems.length > 0 && <TextProblems text={text} problems={problems} most={shownProblems} onGo={show} />}
      </div>
    </div>
  )
}
