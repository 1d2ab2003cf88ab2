import type { GatewayError } from '@halibut-gateway/client'
import { errorTable } from '@halibut-gateway/schemas/wire'
import type { ComponentChildren } from 'preact'
import { CopyButton } from '../elements/copy-button.tsx'
import { form } from '../page.ts'
import { deliveryWords, failedWhere, plainMessage, whatCame } from '../values/failure-words.ts'
import type { MadeCall } from '../values/made-call.ts'
import { mismatchIn } from '../values/refusal.ts'
import { JsonView } from './json-view.tsx'
import { MismatchBox } from './mismatch-box.tsx'

/** Why a call failed: where, what was sent and what came, whether it may have run, and what to do. */
export function Failure({ error, made }: { error: GatewayError; made: MadeCall }) {
  const mismatch = error.kind === 'thumbprint_mismatch' ? mismatchIn(error.message) : undefined
  const { text, isShortened } = plainMessage(error.message)
  return (
    <div class="failure">
      {mismatch ? <MismatchBox mismatch={mismatch} agent={made.agent} /> : <p class="message">{text}</p>}
      <p class="next">
        <b>{deliveryWords[error.delivery]}</b> To go on: {error.advice}.
        {error.retryable && <span class="quiet"> It may be tried again as it is.</span>}
      </p>
      <dl class="grid-list story">
        <dt>where</dt>
        <dd>{failedWhere(error)}</dd>
        <dt>what was sent</dt>
        <dd>
          {error.delivery === 'not_sent' ? 'Nothing; it would have been ' : ''}
          <code>{made.signature}</code> of <code>{made.service}</code>
          {made.shownArgs.length > 0 && (
            <details>
              <summary>with these arguments</summary>
              <JsonView value={made.shownArgs} label="What was sent" />
            </details>
          )}
        </dd>
        <dt>what came</dt>
        <dd>{whatCame(error)}</dd>
      </dl>
      {error.errors.length > 0 && (
        <ul class="places">
          {error.errors.map(place => (
            <li key={place.path}>
              <code>{place.path || '/'}</code> expected {place.expected}, got {place.got}
            </li>
          ))}
        </ul>
      )}
      {error.result !== undefined && <JsonView value={error.result} label="The result that came" />}
      {error.candidates.length > 0 && (
        <div class="row wrap">
          {error.candidates.map(signature => (
            <button type="button" class="small" key={signature} onClick={() => form.choose({ service: made.service, signature })}>
              {signature}
            </button>
          ))}
        </div>
      )}
      <details class="details">
        <summary>Details</summary>
        <dl class="grid-list">
          <Fact name="kind">
            <code>{error.kind}</code> <span class="quiet">{errorTable[error.kind].meaning}</span>
          </Fact>
          {error.phase && (
            <Fact name="phase">
              <code>{error.phase}</code>
            </Fact>
          )}
          <Fact name="delivery">
            <code>{error.delivery}</code>
          </Fact>
          {error.remote?.type && (
            <Fact name="type at the agent">
              <code>{error.remote.type}</code>
            </Fact>
          )}
          {error.traceId && (
            <Fact name="trace">
              <code>{error.traceId}</code>
              <CopyButton text={error.traceId} what="the trace id" />
            </Fact>
          )}
        </dl>
        <CopyButton text={() => JSON.stringify(error, null, 2)} what="all of the error as JSON" label="Copy all of it" />
        {(mismatch || isShortened) && <pre class="json">{error.message}</pre>}
      </details>
      {error.remote?.details && (
        <details>
          <summary>Stack trace of the agent</summary>
          <pre class="json">{error.remote.details}</pre>
        </details>
      )}
    </div>
  )
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  )
}
