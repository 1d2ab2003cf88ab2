import { signatureOf } from '@halibut-gateway/schemas/contract'
import { useSignal } from '@preact/signals'
import { RelativeTime } from '../elements/relative-time.tsx'
import { calls, contracts } from '../page.ts'
import { beginningOfJson } from '../values/beginning-of-json.ts'
import { type CallFilter, everyCall, filterCalls, methodOf } from '../values/call-filter.ts'
import { counted, formatMs } from '../values/format.ts'
import type { MadeCall } from '../values/made-call.ts'
import type { CallToSave } from '../values/saved-call.ts'
import { seenOf } from '../values/seen-of.ts'
import { resultType } from '../values/typed-json.ts'
import { SaveCall } from './save-call.tsx'

const shortChars = 48
/** Fewer calls are seen at one look. */
const fewCalls = 4

/** The calls of this tab, the newest first; one click puts a call back into the form. */
export function History() {
  const filter = useSignal(everyCall)
  const list = calls.list.value
  if (list.length === 0) return null
  const shown = filterCalls(list, filter.value)
  return (
    <section class="panel history" aria-label="History">
      <div class="row">
        <h2>History</h2>
        <span class="quiet" role="status">
          {shown.length === list.length ? counted(list.length, 'call') : `${shown.length} of ${counted(list.length, 'call')}`}
        </span>
        <span class="spacer" />
        <button type="button" class="small" onClick={() => calls.clear()}>
          Clear
        </button>
      </div>
      {list.length > fewCalls && (
        <Filters
          calls={list}
          filter={filter.value}
          onChange={change => {
            filter.value = { ...filter.value, ...change }
          }}
        />
      )}
      <ol>
        {shown.map(made => (
          <li key={made.number}>
            <button
              type="button"
              class="made"
              aria-current={made.number === calls.shown.value}
              data-made={made.number}
              onClick={() => calls.reopen(made)}
            >
              <i class={`dot ${made.outcome.at}`} />
              <span class="what">
                <b>{methodOf(made)}</b>
                <code>{preview(made.shownArgs)}</code>
              </span>
              <span class="outcome">{outcome(made)}</span>
              <span class="quiet who">{made.agent}</span>
              <span class="quiet when">
                <RelativeTime at={made.startedAt} />
              </span>
            </button>
            <SaveCall what={`${methodOf(made)} of call ${made.number}`} call={() => saveableOf(made)} seen={() => seenOf(made.outcome)} />
          </li>
        ))}
      </ol>
      {shown.length === 0 && <p class="hint">No call fits what you look for.</p>}
    </section>
  )
}

interface FiltersProps {
  readonly calls: readonly MadeCall[]
  readonly filter: CallFilter
  readonly onChange: (change: Partial<CallFilter>) => void
}

function Filters({ calls: all, filter, onChange }: FiltersProps) {
  return (
    <div class="row wrap history-filters">
      <input
        type="search"
        aria-label="Search the history"
        placeholder="Search arguments, answers, errors"
        value={filter.search}
        onInput={event => onChange({ search: event.currentTarget.value })}
      />
      <Choice
        label="Agent"
        any="any agent"
        all={distinct(all.map(({ agent }) => agent))}
        value={filter.agent}
        onChange={agent => onChange({ agent })}
      />
      <Choice
        label="Method"
        any="any method"
        all={distinct(all.map(methodOf))}
        value={filter.method}
        onChange={method => onChange({ method })}
      />
      <Choice
        label="Outcome"
        any="any outcome"
        all={['running', 'answered', 'failed']}
        value={filter.outcome}
        onChange={chosen => onChange({ outcome: chosen as CallFilter['outcome'] })}
      />
    </div>
  )
}

function Choice(props: { label: string; any: string; all: readonly string[]; value: string; onChange: (value: string) => void }) {
  return (
    <select aria-label={props.label} value={props.value} onChange={event => props.onChange(event.currentTarget.value)}>
      <option value="">{props.any}</option>
      {props.all.map(each => (
        <option key={each} value={each}>
          {each}
        </option>
      ))}
    </select>
  )
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].sort()
}

/** Where its arguments were secret or a file, and the page was left since, they are gone. */
function saveableOf({ agent, service, signature, args, shownArgs, startedAt, deadlineAt }: MadeCall): CallToSave | undefined {
  const json = contracts.of(service, agent)
  const method = json && json !== 'missing' ? json.contract.methods.find(each => signatureOf(each) === signature) : undefined
  const names = method?.params.map(({ name }) => name) ?? []
  const timeoutMs = deadlineAt === undefined ? undefined : deadlineAt - startedAt
  return args && { agent, service, signature, args, shownArgs, names, timeoutMs }
}

function outcome(made: MadeCall): string {
  switch (made.outcome.at) {
    case 'running':
      return 'running'
    case 'answered': {
      const isHidden = made.hidesResult || made.outcome.dropped === 'secret'
      const text = isHidden
        ? '•••'
        : made.outcome.dropped
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
