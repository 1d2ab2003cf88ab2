import { Download } from '@halibut-gateway/client'
import { CopyButton } from '../elements/copy-button.tsx'
import { calls, contracts, phases } from '../page.ts'
import { now } from '../state/clock.ts'
import { streamed } from '../state/streamed.ts'
import { formatMs } from '../values/format.ts'
import type { MadeCall } from '../values/made-call.ts'
import { phaseBars } from '../values/phase-bars.ts'
import { resultType } from '../values/typed-json.ts'
import { DownloadView } from './download-view.tsx'
import { Failure } from './failure.tsx'
import { ValueView } from './value-view.tsx'
import { Waiting } from './waiting.tsx'
import { Waterfall } from './waterfall.tsx'

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
      return (
        <>
          <Waiting made={made} />
          <Waterfall bars={phaseBars(phases.value.get(made.number)?.phases ?? [], now.value - made.startedAt, true)} />
        </>
      )
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
            <DownloadView key={made.number} download={outcome.result.value} name={fileName(made)} call={made.number} />
          ) : (
            <ValueView
              key={made.number}
              value={outcome.result.value}
              label="Result"
              name={fileName(made)}
              type={resultType(contracts.of(made.service, made.agent), made.signature)}
            />
          )}
          <Waterfall bars={phaseBars(outcome.result.phases ?? [], outcome.elapsedMs, false, streamed.value.get(made.number))} />
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
      return (
        <>
          <Failure error={outcome.error} made={made} />
          <Waterfall bars={phaseBars(outcome.error.phases ?? [], outcome.elapsedMs, false)} />
        </>
      )
  }
}

/** A name to save a download under: the first text among the arguments, else that of the method. */
function fileName({ shownArgs, signature }: MadeCall): string {
  const text = shownArgs.find(each => typeof each === 'string' && each !== '')
  return typeof text === 'string' ? text : signature.replace(/\(.*/s, '')
}
