import type { GatewayError } from '@halibut-gateway/client'
import { errorTable } from '@halibut-gateway/schemas/wire'
import { calls, cancel, choose, type MadeCall, shown } from '../call-state.ts'
import { now } from '../gateway-state.ts'
import { JsonView } from './json-view.tsx'
import { formatMs } from './relative-time.tsx'

/** What came of the call that is shown. */
export function Answer() {
  const made = calls.value.find(each => each.number === shown.value)
  if (!made) {
    return (
      <section class="panel answer empty" aria-label="Answer">
        <h2>Answer</h2>
        <p class="hint">Call a method, and its answer stands here.</p>
      </section>
    )
  }
  return (
    <section
      class={`panel answer ${made.outcome.at}`}
      aria-label="Answer"
      aria-live="polite"
      data-call={made.number}
      data-outcome={made.outcome.at}
    >
      <div class="row wrap">
        <h2>Answer</h2>
        <code class="quiet">
          {made.agent} · {made.signature}
        </code>
        <span class="spacer" />
        <Outcome made={made} />
      </div>
      <Body made={made} />
    </section>
  )
}

function Outcome({ made }: { made: MadeCall }) {
  switch (made.outcome.at) {
    case 'running':
      return (
        <>
          <span class="chip wait">
            <i class="dot" /> running {formatMs(Math.max(0, now.value - made.startedAt))}
          </span>
          <button type="button" class="small" onClick={() => cancel(made.number)}>
            Cancel
          </button>
        </>
      )
    case 'answered':
      return <span class="chip good">answered in {formatMs(made.outcome.elapsedMs)}</span>
    case 'failed':
      return <span class="chip bad">failed after {formatMs(made.outcome.elapsedMs)}</span>
  }
}

function Body({ made }: { made: MadeCall }) {
  switch (made.outcome.at) {
    case 'running':
      return <p class="hint">Waiting for the agent.</p>
    case 'answered':
      return (
        <>
          <JsonView value={made.outcome.result.value} label="Result" />
          <p class="facts">
            <span>{formatMs(made.outcome.result.durationMs)} from gateway to agent and back</span>
            <span>
              activity <code>{made.outcome.result.activityId}</code>
            </span>
          </p>
        </>
      )
    case 'failed':
      return <Failure error={made.outcome.error} made={made} />
  }
}

const deliveryWords = {
  not_sent: 'The agent did not run it.',
  unknown: 'The agent may have run it.',
  executed: 'The agent did run it.',
} as const

function Failure({ error, made }: { error: GatewayError; made: MadeCall }) {
  return (
    <div class="failure">
      <p class="message">{error.message}</p>
      <dl class="grid">
        <dt>kind</dt>
        <dd>
          <code>{error.kind}</code> <span class="quiet">{errorTable[error.kind].meaning}</span>
        </dd>
        {error.phase && (
          <>
            <dt>phase</dt>
            <dd>
              <code>{error.phase}</code>
            </dd>
          </>
        )}
        <dt>delivery</dt>
        <dd>
          <code>{error.delivery}</code> <span class="quiet">{deliveryWords[error.delivery]}</span>
        </dd>
        <dt>advice</dt>
        <dd>
          {error.advice}
          {error.retryable && <span class="quiet"> (may be tried again as it is)</span>}
        </dd>
        {error.remote?.type && (
          <>
            <dt>remote type</dt>
            <dd>
              <code>{error.remote.type}</code>
            </dd>
          </>
        )}
        {error.traceId && (
          <>
            <dt>trace</dt>
            <dd>
              <code>{error.traceId}</code>
            </dd>
          </>
        )}
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
      {error.candidates.length > 0 && (
        <div class="row wrap">
          {error.candidates.map(signature => (
            <button type="button" class="small" key={signature} onClick={() => choose({ service: made.service, signature })}>
              {signature}
            </button>
          ))}
        </div>
      )}
      {error.remote?.details && (
        <details>
          <summary>Remote stack trace</summary>
          <pre class="json">{error.remote.details}</pre>
        </details>
      )}
    </div>
  )
}
