import { beginningOfJson } from '../beginning-of-json.ts'
import { calls, reopen, shown } from '../call-state.ts'
import { formatMs } from '../format.ts'
import type { MadeCall } from '../made-call.ts'
import { RelativeTime } from './relative-time.tsx'

const shortChars = 48

/** The calls of this page, the newest first; one click puts a call back into the form. */
export function History() {
  if (calls.value.length === 0) return null
  return (
    <section class="panel history" aria-label="History">
      <h2>History</h2>
      <ol>
        {calls.value.map(made => (
          <li key={made.number}>
            <button type="button" aria-current={made.number === shown.value} onClick={() => reopen(made)}>
              <i class={`dot ${made.outcome.at}`} />
              <span class="what">
                <b>{made.signature.slice(0, made.signature.indexOf('('))}</b>
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
    case 'answered':
      return `${made.outcome.dropped ? '…' : shortJson(made.outcome.result.value)} · ${formatMs(made.outcome.elapsedMs)}`
    case 'failed':
      return `${made.outcome.error.kind} · ${formatMs(made.outcome.elapsedMs)}`
  }
}

function preview(args: readonly unknown[]): string {
  return `(${shorten(args.map(shortJson).join(', '))})`
}

function shortJson(value: unknown): string {
  return shorten(beginningOfJson(value, shortChars + 1, '').text)
}

function shorten(text: string): string {
  return text.length > shortChars ? `${text.slice(0, shortChars - 1)}…` : text
}
