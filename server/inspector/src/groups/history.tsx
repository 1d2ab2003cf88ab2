import { RelativeTime } from '../elements/relative-time.tsx'
import { calls, contracts } from '../page.ts'
import { beginningOfJson } from '../values/beginning-of-json.ts'
import { formatMs } from '../values/format.ts'
import type { MadeCall } from '../values/made-call.ts'
import { resultType } from '../values/typed-json.ts'

const shortChars = 48

/** The calls of this tab, the newest first; one click puts a call back into the form. */
export function History() {
  const list = calls.list.value
  if (list.length === 0) return null
  return (
    <section class="panel history" aria-label="History">
      <div class="row">
        <h2>History</h2>
        <span class="spacer" />
        <button type="button" class="small" onClick={() => calls.clear()}>
          Clear
        </button>
      </div>
      <ol>
        {list.map(made => (
          <li key={made.number}>
            <button
              type="button"
              aria-current={made.number === calls.shown.value}
              data-made={made.number}
              onClick={() => calls.reopen(made)}
            >
              <i class={`dot ${made.outcome.at}`} />
              <span class="what">
                <b>{made.signature.replace(/\(.*/s, '')}</b>
                <code>{preview(made.shownArgs)}</code>
              </span>
              <span class="outcome">{outcome(made)}</span>
              <span class="quiet who">{made.agent}</span>
              <span class="quiet when">
                <RelativeTime at={made.startedAt} />
              </span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  )
}

function outcome(made: MadeCall): string {
  switch (made.outcome.at) {
    case 'running':
      return 'running'
    case 'answered': {
      const text = made.outcome.dropped
        ? '…'
        : shortJson(made.outcome.result.value, resultType(contracts.of(made.service, made.agent), made.signature))
      return `${text} · ${formatMs(made.outcome.elapsedMs)}`
    }
    case 'failed':
      return `${made.outcome.error.kind} · ${formatMs(made.outcome.elapsedMs)}`
  }
}

function preview(args: readonly unknown[]): string {
  return `(${shorten(args.map(arg => shortJson(arg)).join(', '))})`
}

function shortJson(value: unknown, type?: Parameters<typeof beginningOfJson>[3]): string {
  return shorten(beginningOfJson(value, shortChars + 1, '', type).text)
}

function shorten(text: string): string {
  return text.length > shortChars ? `${text.slice(0, shortChars - 1)}…` : text
}
