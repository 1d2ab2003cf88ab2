import { Download, type GatewayError } from '@halibut-gateway/client'
import { errorTable } from '@halibut-gateway/schemas/wire'
import { calls, cancel, choose, shown, uploaded } from '../call-state.ts'
import { formatMs } from '../format.ts'
import { now } from '../gateway-state.ts'
import type { MadeCall } from '../made-call.ts'
import { DownloadView } from './download-view.tsx'
import { JsonView } from './json-view.tsx'

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
      return <Waiting number={made.number} />
    case 'answered':
      return (
        <>
          {made.outcome.dropped ? (
            <p class="hint">This result was long, and newer long ones have come: call again to see it.</p>
          ) : made.outcome.result.value instanceof Download ? (
            <DownloadView key={made.number} download={made.outcome.result.value} name={fileName(made)} />
          ) : (
            <JsonView value={made.outcome.result.value} label="Result" name={fileName(made)} />
          )}
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

/** A name to save a download under: the first text among the arguments, else that of the method. */
function fileName({ shownArgs, signature }: MadeCall): string {
  const text = shownArgs.find(each => typeof each === 'string' && each !== '')
  return typeof text === 'string' ? text : signature.slice(0, signature.indexOf('('))
}

function Waiting({ number }: { number: number }) {
  const sent = uploaded.value.get(number)
  if (sent === undefined || sent >= 1) return <p class="hint">Waiting for the agent.</p>
  return (
    <p class="hint">
      Sending <progress value={sent} aria-label="Upload" /> {Math.floor(sent * 100)} %
    </p>
  )
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
      {error.result !== undefined && <JsonView value={error.result} label="The result that came" name={fileName(made)} />}
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
