const grounds = ['page', 'panel', 'raised', 'accent-soft', 'good-soft', 'warn-soft', 'bad-soft'] as const
const inks = ['text', 'quiet', 'accent', 'good', 'warn', 'bad', 'string', 'number', 'word'] as const

/** The colours and the sizes of type, each ink on each ground that it stands on. */
export function Tokens() {
  return (
    <section class="panel demo" aria-label="Tokens">
      <h2>Colour and type</h2>
      <p class="hint">Each colour is one for light and one for dark. Nothing has a colour that is none of these.</p>
      <ul class="swatches">
        {grounds.map(ground => (
          <li key={ground} class={`on-${ground}`}>
            <b>{ground}</b>
            {inks
              .filter(ink => !ground.endsWith('-soft') || ground.startsWith(ink) || ink === 'text')
              .map(ink => (
                <span key={ink} class={`ink-${ink}`}>
                  {ink}
                </span>
              ))}
          </li>
        ))}
      </ul>
      <div class="type-scale">
        <p class="as-h1">A page is called so</p>
        <p class="as-h2">A part of it is called so</p>
        <p>
          This is text, with a <code>code</code> in it and a <kbd>K</kbd>.
        </p>
        <p class="hint">This explains, and is quieter.</p>
        <p class="mono">0123456789 ABCDEF</p>
      </div>
    </section>
  )
}
