const token = /("(?:\\.|[^"\\])*")(\s*:)?|\b(true|false|null)\b|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/g
const maxShownChars = 100_000

/** JSON as text with its kinds told apart. Very long ones are cut, and say so. */
export function JsonView(props: { value: unknown; label: string }) {
  const whole = JSON.stringify(props.value, null, 2) ?? 'null'
  const text = whole.slice(0, maxShownChars)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area has to be reachable by keyboard
    <section class="json" aria-label={props.label} tabIndex={0}>
      <pre>{pieces(text)}</pre>
      {whole.length > text.length && <p class="hint">{`… ${whole.length - text.length} more characters`}</p>}
    </section>
  )
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
