import type { CallSnapshot, TokenSnapshot } from '@halibut-gateway/schemas'
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { wholeAudit } from '../../../address/route.ts'
import { Link } from '../../../elements/link.tsx'
import { ProblemBox } from '../../../elements/problem-box.tsx'
import { RelativeTime } from '../../../elements/relative-time.tsx'
import { useAction } from '../../../elements/use-action.ts'
import { useFocusAfter } from '../../../elements/use-focus-after.ts'
import { session } from '../../../page.ts'
import { expiresSoonMs, unusedMs } from '../../../values/certificate-rows.ts'
import { counted } from '../../../values/format.ts'
import { dayOf, distanceInWords } from '../../../values/moments.ts'
import { scopeWords } from '../../../values/scope-words.ts'
import { tokens } from '../settings-stores.ts'

interface TokenRowProps {
  readonly token: TokenSnapshot
  /** A link leads to it. */
  readonly isChosen: boolean
  /** Those that are valid. */
  readonly all: readonly TokenSnapshot[]
  readonly nowMs: number
}

/** A token: what it may, until when, and when somebody used it last. */
export function TokenRow({ token, isChosen, all, nowMs }: TokenRowProps) {
  const row = useRef<HTMLLIElement>(null)
  const asks = useSignal(false)
  const button = useFocusAfter<HTMLButtonElement>(asks.value)
  useEffect(() => {
    if (isChosen) row.current?.scrollIntoView({ block: 'center' })
  }, [isChosen])
  const { id, name, role, state, scope, created, createdBy, expires, lastUsed, revoked } = token
  const usedMs = Date.parse(lastUsed ?? created)
  const isUnused = state === 'valid' && nowMs - usedMs > unusedMs
  return (
    <li ref={row} class={isChosen ? 'panel token chosen' : 'panel token'} data-token={name} data-state={state} id={`token-${id}`}>
      <div class="token-name">
        <b>{name}</b>
        <span class="quiet">
          made on {dayOf(created)}
          {createdBy !== undefined && ` by ${createdBy}`}
        </span>
      </div>
      <div>
        <span class="tag">{role}</span>
        <ul class="quiet scope">{scope ? scopeWords(scope).map(each => <li key={each}>{each}</li>) : <li>whatever its role allows</li>}</ul>
      </div>
      <Until expires={expires} revoked={revoked} nowMs={nowMs} />
      <div class={isUnused ? 'unused' : 'quiet'}>
        {lastUsed === undefined ? (
          'never used'
        ) : (
          <>
            used <RelativeTime at={lastUsed} after=" ago" />
          </>
        )}
        {isUnused && ': needed still?'}
      </div>
      <div class="row acts">
        {session.may('audit.read') && (
          <Link to={{ page: 'audit', query: { ...wholeAudit, who: name }, entry: undefined }} class="button small">
            What it did
          </Link>
        )}
        {state === 'valid' && session.may('tokens.write') && !asks.value && (
          <button
            type="button"
            ref={button}
            class="small"
            onClick={() => {
              asks.value = true
            }}
          >
            Revoke…
          </button>
        )}
      </div>
      {asks.value && (
        <Revoke
          token={token}
          others={all.filter(each => each.id !== id)}
          onClose={() => {
            asks.value = false
          }}
        />
      )}
    </li>
  )
}

function Until({ expires, revoked, nowMs }: { expires: string | undefined; revoked: string | undefined; nowMs: number }) {
  if (revoked !== undefined) return <div class="bad-words">revoked on {dayOf(revoked)}</div>
  if (expires === undefined) return <div class="quiet">never expires</div>
  const leftMs = Date.parse(expires) - nowMs
  if (leftMs <= 0) return <div class="bad-words">expired on {dayOf(expires)}</div>
  return (
    <div>
      until {dayOf(expires)} <span class={leftMs < expiresSoonMs ? 'unused' : 'quiet'}>in {distanceInWords(leftMs)}</span>
    </div>
  )
}

/** What ends with a token, before it does. */
function Revoke({ token, others, onClose }: { token: TokenSnapshot; others: readonly TokenSnapshot[]; onClose: () => void }) {
  const running = useSignal<number | undefined>(undefined)
  const action = useAction()
  const first = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    first.current?.focus()
    session.request('calls.list', {}).then(
      ({ calls }) => {
        running.value = calls.filter((call: CallSnapshot) => call.principal === token.name).length
      },
      // It is said without the number.
      () => undefined,
    )
  }, [])
  const state = session.connection.value
  const isOwn = state.at === 'connected' && state.welcome.principal.name === token.name
  const isLastAdmin = token.role === 'admin' && !others.some(({ role, scope }) => role === 'admin' && !scope)
  const revoke = (): Promise<boolean> =>
    action.run(async () => {
      await session.request('tokens.revoke', { id: token.id })
      await tokens.refresh()
    })
  return (
    <fieldset class="decision revoke" aria-label={`Revoke ${token.name}`}>
      <p>
        Within a second the gateway ends everything that was opened with {token.name}: pages and programs are signed out, what they watch
        ends
        {running.value === undefined
          ? ', and calls that they wait for end'
          : running.value === 0
            ? '; none of its calls runs now'
            : `, and ${counted(running.value, 'call')} of it that ${running.value === 1 ? 'runs' : 'run'} now`}
        . What an agent has begun it may go on with. This cannot be taken back.
      </p>
      {isOwn && <p class="unused">You are signed in with it: this page is signed out, too.</p>}
      {isLastAdmin && (
        <p class="unused">
          It is the last valid token of an admin: another one is then made on the gateway’s machine alone, or by an admin who signs in with
          the provider.
        </p>
      )}
      {action.problem.value !== undefined && <ProblemBox error={action.problem.value} />}
      <div class="row wrap">
        <button type="button" class="danger" disabled={action.isBusy.value} onClick={() => void revoke()}>
          Revoke {token.name}
        </button>
        <button type="button" ref={first} onClick={onClose}>
          Keep it
        </button>
      </div>
    </fieldset>
  )
}
