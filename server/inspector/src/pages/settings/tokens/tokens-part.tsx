import { useEffect } from 'preact/hooks'
import { ProblemBox } from '../../../elements/problem-box.tsx'
import { NotForYou } from '../../../groups/not-for-you.tsx'
import { session } from '../../../page.ts'
import { now } from '../../../state/clock.ts'
import { counted } from '../../../values/format.ts'
import { tokens } from '../settings-stores.ts'
import { MakeToken } from './make-token.tsx'
import { TokenRow } from './token-row.tsx'

/** The tokens that people and programs sign in with. */
export function TokensPart({ chosen }: { chosen: string | undefined }) {
  const may = session.may('tokens.read')
  const client = session.client.value
  useEffect(() => {
    if (may) void tokens.refresh()
  }, [may, client])
  if (!may) return <NotForYou right="tokens.read" what="Seeing which tokens there are" />
  const all = tokens.value.value
  const order = all?.toSorted((one, other) => (one.name < other.name ? -1 : 1))
  const valid = order?.filter(({ state }) => state === 'valid') ?? []
  const ended = order?.filter(({ state }) => state !== 'valid') ?? []
  return (
    <>
      <p class="lead">
        Whoever asks this gateway for something shows a token, and may do what its role, its scope and the rules allow. The gateway keeps
        only a digest of each: what is lost cannot be told again.
      </p>
      {session.may('tokens.write') && <MakeToken taken={valid.map(({ name }) => name)} />}
      {tokens.problem.value !== undefined && <ProblemBox error={tokens.problem.value} />}
      {!all && tokens.problem.value === undefined && <p class="hint">Asking the gateway.</p>}
      {all && (
        <section class="section" aria-label="Valid tokens">
          <h2>
            Valid <span class="quiet">{valid.length.toLocaleString('en')}</span>
          </h2>
          {valid.length === 0 && <p class="hint">None: people sign in with the provider only.</p>}
          <ul class="tokens">
            {valid.map(token => (
              <TokenRow key={token.id} token={token} isChosen={token.id === chosen} all={valid} nowMs={now.value} />
            ))}
          </ul>
        </section>
      )}
      {ended.length > 0 && (
        <details open={ended.some(({ id }) => id === chosen)}>
          <summary>{counted(ended.length, 'token')} that ended</summary>
          <ul class="tokens">
            {ended.map(token => (
              <TokenRow key={token.id} token={token} isChosen={token.id === chosen} all={valid} nowMs={now.value} />
            ))}
          </ul>
        </details>
      )}
    </>
  )
}
