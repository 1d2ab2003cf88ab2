import '../../styles/components.css'
import { Choices } from '../../elements/choices.tsx'
import { theme } from '../../page.ts'
import { themes } from '../../state/theme.ts'
import { demos } from './demos.tsx'
import { Tokens } from './tokens.tsx'

/** Every component of `elements` in each of its states, for who builds the page. */
export function ComponentsPage() {
  return (
    <main class="components-page" id="main" tabIndex={-1}>
      <div class="row wrap">
        <h1>Components</h1>
        <span class="spacer" />
        <Choices
          label="Colours"
          all={themes}
          chosen={theme.value}
          onChoose={choice => {
            theme.value = choice
          }}
        />
      </div>
      <p class="lead">What the pages are made of, each in every state that it has. Nothing here reaches the gateway.</p>
      <Tokens />
      {demos.map(({ file, about, states }) => (
        <section key={file} class="panel demo" aria-label={file} data-element={file}>
          <h2>{file}</h2>
          <p class="hint">{about}</p>
          <div class="demo-states">
            {Object.entries(states).map(([name, State]) => (
              <figure key={name}>
                <figcaption>{name}</figcaption>
                <div>
                  <State />
                </div>
              </figure>
            ))}
          </div>
        </section>
      ))}
    </main>
  )
}
