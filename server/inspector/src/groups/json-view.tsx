import { useMemo } from 'preact/hooks'
import { CopyButton } from '../elements/copy-button.tsx'
import { ScrollArea } from '../elements/scroll-area.tsx'
import { beginningOfJson, shownChars } from '../values/beginning-of-json.ts'
import { shownAs } from '../values/form-values.ts'
import { saveAs } from '../values/save-as.ts'
import { isNumeric, type JsonType } from '../values/typed-json.ts'

const token = /("(?:\\.|[^"\\])*")(\s*:)?|\b(true|false|null)\b|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/g

/** JSON as text with its kinds told apart; of very long ones the beginning. `isRaw`: in one line, as it came. */
export function JsonView(props: { value: unknown; label: string; name?: string; type?: JsonType | undefined; isRaw?: boolean }) {
  const { value, name, type, isRaw = false } = props
  const known = isRaw ? undefined : type
  const { text, isWhole } = useMemo(() => beginningOfJson(value, shownChars, isRaw ? '' : '  ', known), [value, known?.node, isRaw])
  return (
    <div class="json-view">
      <ScrollArea class="json" label={props.label}>
        {pieces(text)}
      </ScrollArea>
      <CopyButton text={() => copyable(value, isNumeric(type, value), isRaw)} what="the value" />
      {!isWhole && (
        <div class="row wrap">
          <span class="hint">This is the beginning; all of it can be saved as a file.</span>
          {name !== undefined && (
            <button type="button" onClick={() => saveAs(new Blob([jsonOf(value)], { type: 'application/json' }), `${name}.json`)}>
              Save the whole as a file
            </button>
          )}
        </div>
      )}
    </div>
  )
}

/** What is one text or one number is copied as it is, all else as JSON. */
export function copyable(value: unknown, isNumber: boolean, isRaw = false): string {
  if (typeof value === 'string' && (isNumber || !isRaw)) return value
  return jsonOf(value, isRaw ? undefined : 2)
}

/** A value as JSON; what is no JSON is told in words. */
export function jsonOf(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_, each) => shownAs(each) ?? each, indent) ?? 'null'
}

function pieces(text: string) {
  const out: (string | preact.JSX.Element)[] = []
  let end = 0
  for (const match of text.matchAll(token)) {
    const [all, string, colon, word, number] = match
    if (match.index > end) out.push(text.slice(end, match.index))
    const kind =
      string !== undefined ? (colon === undefined ? 'text' : 'key') : word !== undefined ? 'word' : number !== undefined ? 'number' : ''
    out.push(<span class={kind}>{string ?? all}</span>)
    if (colon !== undefined) out.push(colon)
    end = match.index + all.length
  }
  out.push(text.slice(end))
  return out
}
