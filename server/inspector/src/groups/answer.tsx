import { Download, type GatewayError } from '@halibut-gateway/client'
import { errorTable } from '@halibut-gateway/schemas/wire'
import { useMemo } from 'preact/hooks'
import { CopyButton } from '../elements/copy-button.tsx'
import { calls, contracts, form } from '../page.ts'
import { now } from '../state/clock.ts'
import { formatMs } from '../values/format.ts'
import type { MadeCall } from '../values/made-call.ts'
import { mismatchIn } from '../values/refusal.ts'
import { bytesIn, isBytes, type JsonType, resultType } from '../values/typed-json.ts'
import { BytesView } from './bytes-view.tsx'
import { DownloadView } from './download-view.tsx'
import { JsonView } from './json-view.tsx'
import { MismatchBox } from './mismatch-box.tsx'
import { Waiting } from './waiting.tsx'

/** What came of the call that is shown. */
export function Answer() {
  const made = calls.list.value.find(each => each.number === calls.shown.value)
  if (!made) {
    return (
      <section class="panel answer empty" aria-label="Answer" id="answer">
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
      id="answer"
      tabIndex={-1}
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
          <button
            type="button"
            class="small"
            onClick={() => {
              // The button goes with what it gives up, and who pressed it shall not be lost.
              document.getElementById('answer')?.focus()
              calls.cancel(made.number)
            }}
          >
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
  const { outcome } = made
  switch (outcome.at) {
    case 'running':
      return <Waiting made={made} />
    case 'answered':
      return (
        <>
          {outcome.dropped === 'secret' ? (
            <p class="hint">This result has a secret in it, and is not kept: call again to see it.</p>
          ) : outcome.dropped === 'long' ? (
            <p class="hint">This result was long, and is not kept: call again to see it.</p>
          ) : outcome.dropped === 'stream' ? (
            <p class="hint">This result is not kept: its data stream ended with the page that it came to. Call again to get it.</p>
          ) : outcome.result.value instanceof Download ? (
            <DownloadView key={made.number} download={outcome.result.value} name={fileName(made)} />
          ) : (
            <Value key={made.number} value={outcome.result.value} made={made} />
          )}
          {outcome.result.activityId !== '' && (
            <p class="facts">
              <span>{formatMs(outcome.result.durationMs)} from gateway to agent and back</span>
              <span>
                activity <code>{outcome.result.activityId}</code>
                <CopyButton text={outcome.result.activityId} what="the activity id" />
              </span>
            </p>
          )}
        </>
      )
    case 'failed':
      return <Failure error={outcome.error} made={made} />
  }
}

/** A value; bytes that stand in it can be looked at one by one. */
function Value({ value, made }: { value: unknown; made: MadeCall }) {
  const type: JsonType | undefined = resultType(contracts.of(made.service, made.agent), made.signature)
  const bytes = useMemo(() => bytesIn(type, value), [type?.node, value])
  if (isBytes(type, value)) return <BytesView value={value} label="Result" name={fileName(made)} />
  return (
    <>
      <JsonView value={value} label="Result" name={fileName(made)} type={type} />
      {bytes.map(each => (
        <details key={each.path}>
          <summary>
            Bytes at <code>{each.path}</code>
          </summary>
          <BytesView value={each.value} label={each.path} name={each.path.replaceAll('/', '-').slice(1)} />
        </details>
      ))}
    </>
  )
}

/** A name to save a download under: the first text among the arguments, else that of the method. */
function fileName({ shownArgs, signature }: MadeCall): string {
  const text = shownArgs.find(each => typeof each === 'string' && each !== '')
  return typeof text === 'string' ? text : signature.replace(/\(.*/s, '')
}

const deliveryWords = {
  not_sent: 'The agent did not run it.',
  unknown: 'The agent may have run it.',
  executed: 'The agent did run it.',
} as const

function Failure({ error, made }: { error: GatewayError; made: MadeCall }) {
  const mismatch = error.kind === 'thumbprint_mismatch' ? mismatchIn(error.message) : undefined
  return (
    <div class="failure">
      {mismatch ? <MismatchBox mismatch={mismatch} agent={made.agent} /> : <p class="message">{error.message}</p>}
      <p class="next">
        <b>{deliveryWords[error.delivery]}</b> To go on: {error.advice}.
        {error.retryable && <span class="quiet"> It may be tried again as it is.</span>}
      </p>
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
            <button type="button" class="small" key={signature} onClick={() => form.choose({ service: made.service, signature })}>
              {signature}
            </button>
          ))}
        </div>
      )}
      <details class="details" open={error.remote !== undefined}>
        <summary>Details</summary>
        <dl class="grid-list">
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
            <code>{error.delivery}</code>
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
                <CopyButton text={error.traceId} what="the trace id" />
              </dd>
            </>
          )}
        </dl>
        <CopyButton text={() => JSON.stringify(error, null, 2)} what="all of the error as JSON" label="Copy all of it" />
        {mismatch && <p class="quiet">{error.message}</p>}
      </details>
      {error.remote?.details && (
        <details>
          <summary>Remote stack trace</summary>
          <pre class="json">{error.remote.details}</pre>
        </details>
      )}
    </div>
  )
}
