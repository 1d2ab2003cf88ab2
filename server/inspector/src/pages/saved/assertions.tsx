import type { Assertion } from '@halibut-gateway/schemas/collection'
import { errorTable } from '@halibut-gateway/schemas/wire'
import { readValueText, valueText } from '../../values/value-text.ts'
import { CommitField } from './commit-field.tsx'

type Kind = 'equals' | 'matches' | 'exists' | 'absent' | 'error' | 'faster'

const kinds: Readonly<Record<Kind, string>> = {
  equals: 'equals',
  matches: 'matches',
  exists: 'exists',
  absent: 'is absent',
  error: 'fails with',
  faster: 'takes less than',
}

/** What each begins with. */
const begun: Readonly<Record<Kind, Assertion>> = {
  equals: { path: '$', equals: '' },
  matches: { path: '$', matches: '.' },
  exists: { path: '$', exists: true },
  absent: { path: '$.error', exists: false },
  error: { error: 'service_failed' },
  faster: { fasterThanMs: 1_000 },
}

interface AssertionsProps {
  readonly assertions: readonly Assertion[]
  /** Gives why not, where they are not acceptable. */
  readonly onChange: (next: readonly Assertion[]) => string | undefined
}

/** What is expected of a call: all of it has to hold. */
export function Assertions({ assertions, onChange }: AssertionsProps) {
  return (
    <fieldset class="assertions">
      <legend>What is expected</legend>
      {assertions.length === 0 && <p class="hint">That it is answered, and nothing else.</p>}
      <ul>
        {assertions.map((assertion, index) => (
          <li key={`${index} ${kindOf(assertion)}`}>
            <AssertionRow
              assertion={assertion}
              number={index + 1}
              onChange={next => onChange(assertions.with(index, next))}
              onRemove={() => onChange(assertions.toSpliced(index, 1))}
            />
          </li>
        ))}
      </ul>
      <div class="row wrap">
        {(Object.keys(kinds) as Kind[]).map(kind => (
          <button type="button" class="small" key={kind} onClick={() => onChange([...assertions, begun[kind]])}>
            + {kinds[kind]}
          </button>
        ))}
      </div>
    </fieldset>
  )
}

function AssertionRow(props: {
  assertion: Assertion
  number: number
  onChange: (next: Assertion) => string | undefined
  onRemove: () => void
}) {
  const { assertion, number, onChange, onRemove } = props
  return (
    <div class="assertion">
      {'path' in assertion && (
        <CommitField
          quiet
          mono
          label={`Path ${number}`}
          value={assertion.path}
          onCommit={path => onChange({ ...assertion, path: path.trim() })}
        />
      )}
      <span class="kind">{kinds[kindOf(assertion)]}</span>
      {'equals' in assertion && (
        <CommitField
          quiet
          mono
          label={`Value ${number}`}
          value={valueText(assertion.equals)}
          placeholder='""'
          onCommit={text => onChange({ ...assertion, equals: readValueText(text) })}
        />
      )}
      {'matches' in assertion && (
        <CommitField
          quiet
          mono
          label={`Pattern ${number}`}
          value={assertion.matches}
          onCommit={matches => onChange({ ...assertion, matches })}
        />
      )}
      {'error' in assertion && <ErrorChoice number={number} chosen={assertion.error} onChange={error => onChange({ error })} />}
      {'fasterThanMs' in assertion && (
        <CommitField
          quiet
          label={`Milliseconds ${number}`}
          value={String(assertion.fasterThanMs)}
          onCommit={text => (Number(text) > 0 ? onChange({ fasterThanMs: Number(text) }) : 'This is no number of milliseconds.')}
        />
      )}
      {'fasterThanMs' in assertion && <span class="quiet">ms</span>}
      <button type="button" class="small" aria-label={`Remove expectation ${number}`} onClick={onRemove}>
        Remove
      </button>
    </div>
  )
}

type ErrorKind = Extract<Assertion, { error: string }>['error']

function ErrorChoice({ number, chosen, onChange }: { number: number; chosen: ErrorKind; onChange: (kind: ErrorKind) => void }) {
  return (
    <span class="row wrap">
      <select aria-label={`Kind of error ${number}`} value={chosen} onChange={event => onChange(event.currentTarget.value as ErrorKind)}>
        {(Object.keys(errorTable) as ErrorKind[]).map(kind => (
          <option key={kind} value={kind}>
            {kind}
          </option>
        ))}
      </select>
      <span class="hint">{errorTable[chosen].meaning}</span>
    </span>
  )
}

function kindOf(assertion: Assertion): Kind {
  if ('equals' in assertion) return 'equals'
  if ('matches' in assertion) return 'matches'
  if ('exists' in assertion) return assertion.exists ? 'exists' : 'absent'
  return 'error' in assertion ? 'error' : 'faster'
}
