import type { PendingSnapshot } from '@halibut-gateway/schemas'
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { CopyButton } from '../elements/copy-button.tsx'
import { RelativeTime } from '../elements/relative-time.tsx'
import { Thumbprint } from '../elements/thumbprint.tsx'
import { session } from '../page.ts'
import { counted } from '../values/format.ts'
import { causeWords } from '../values/refusal.ts'
import { ApproveForm } from './approve-form.tsx'
import { DenyForm, LaterForm } from './pending-forms.tsx'

/** What a person is about to decide; what is shown then is what was there when it was opened. */
type Deciding = 'approve' | 'replace' | 'deny' | 'later' | undefined

/** Somebody who knocks: what was seen, what was expected, what that probably means, and the ways to decide. */
export function PendingCard({ pending, isFocused = false }: { pending: PendingSnapshot; isFocused?: boolean }) {
  const deciding = useSignal<Deciding>(undefined)
  const seen = useSignal(pending)
  const card = useRef<HTMLElement>(null)
  useEffect(() => {
    if (!isFocused) return
    card.current?.scrollIntoView({ block: 'start' })
    card.current?.focus()
  }, [isFocused])
  const open = (what: Deciding): void => {
    seen.value = pending
    deciding.value = what
  }
  const close = (): void => {
    deciding.value = undefined
    card.current?.focus()
  }
  const hasChanged = deciding.value !== undefined && seen.value.version !== pending.version
  const cause = causeWords[pending.cause]
  return (
    <article ref={card} class={`panel pending ${pending.cause}`} tabIndex={-1} data-pending={pending.id} aria-label={titleOf(pending)}>
      <div class="row wrap">
        <h3>{titleOf(pending)}</h3>
        <span class={pending.cause === 'unknown' ? 'chip wait' : 'chip bad'}>{cause.title}</span>
        <span class="spacer" />
        <span class="quiet">
          {counted(pending.count, 'knock')}, the last <RelativeTime at={pending.lastSeen} after=" ago" />
        </span>
      </div>
      <p>{pending.reason}.</p>
      <Facts pending={pending} />
      <p class="advice">
        <b>{cause.meaning}</b> To go on: {pending.advice}.
      </p>
      {hasChanged && (
        <div class="problem-box" role="alert">
          <p class="message">This is not what you saw when you opened it.</p>
          <p>Look at it again before you decide.</p>
          <button type="button" class="small" onClick={() => open(deciding.value)}>
            I have looked at it again
          </button>
        </div>
      )}
      {session.may('trust.write') && deciding.value === undefined && <Ways pending={pending} onChoose={open} />}
      {!session.may('trust.write') && <p class="hint">Somebody with the role admin can decide about it.</p>}
      {(deciding.value === 'approve' || deciding.value === 'replace') && (
        <ApproveForm
          key={`${seen.value.version} ${deciding.value}`}
          seen={seen.value}
          replaces={deciding.value === 'replace'}
          hasChanged={hasChanged}
          onClose={close}
        />
      )}
      {deciding.value === 'deny' && <DenyForm pending={pending} onClose={close} />}
      {deciding.value === 'later' && <LaterForm pending={pending} onClose={close} />}
    </article>
  )
}

/** The ways that are open: who presents no certificate, or says not as whom it polls, cannot be let in. */
function Ways({ pending, onChoose }: { pending: PendingSnapshot; onChoose: (what: Deciding) => void }) {
  const canEnter = pending.thumbprint !== undefined && pending.subscription?.startsWith('poll:') === true
  const isKnown = pending.agent !== undefined
  return (
    <div class="row wrap actions">
      {canEnter && !isKnown && (
        <button type="button" class="primary" onClick={() => onChoose('approve')}>
          Approve…
        </button>
      )}
      {canEnter && (
        <button type="button" class={isKnown ? 'primary' : undefined} onClick={() => onChoose('replace')}>
          Replace {pending.agent ?? 'a machine'}…
        </button>
      )}
      {canEnter && isKnown && pending.cause !== 'rotated' && (
        <button type="button" onClick={() => onChoose('approve')}>
          Approve as a new agent…
        </button>
      )}
      {pending.thumbprint !== undefined && (
        <button type="button" onClick={() => onChoose('deny')}>
          Deny…
        </button>
      )}
      <button type="button" onClick={() => onChoose('later')}>
        Later…
      </button>
    </div>
  )
}

function Facts({ pending }: { pending: PendingSnapshot }) {
  const { thumbprint, thumbprint256, expected, subject, issuer, subscription, addresses, firstSeen, protocol } = pending
  const [last, ...before] = addresses.toReversed()
  return (
    <dl class="grid-list">
      {expected !== undefined && (
        <>
          <dt>expected</dt>
          <dd>
            <Thumbprint value={expected} what="the expected thumbprint" />
          </dd>
        </>
      )}
      <dt>{expected === undefined ? 'thumbprint' : 'seen'}</dt>
      <dd>{thumbprint === undefined ? 'no certificate' : <Thumbprint value={thumbprint} what="the seen thumbprint" />}</dd>
      {subscription !== undefined && (
        <>
          <dt>polls as</dt>
          <dd>
            <code>{subscription}</code>
            <CopyButton text={subscription} what="the subscription" />
          </dd>
        </>
      )}
      <dt>from</dt>
      <dd>
        {last === undefined ? 'nobody knows where' : last.address}
        {before.length > 0 && <span class="quiet"> and before that {before.map(({ address }) => address).join(', ')}</span>}
      </dd>
      <dt>first seen</dt>
      <dd>
        <RelativeTime at={firstSeen} after=" ago" />
      </dd>
      {subject !== undefined && (
        <>
          <dt>calls itself</dt>
          <dd>
            {subject}
            <span class="quiet">{issuer === subject ? ' (made by itself)' : ` (made by ${issuer})`}, which nobody has checked</span>
          </dd>
        </>
      )}
      {thumbprint256 !== undefined && (
        <>
          <dt>SHA-256</dt>
          <dd class="quiet">
            <code class="long">{thumbprint256}</code>
          </dd>
        </>
      )}
      <dt>TLS</dt>
      <dd class="quiet">{protocol}</dd>
    </dl>
  )
}

function titleOf({ subscription, subject, addresses }: PendingSnapshot): string {
  return subscription?.replace(/^poll:\/\/|\/$/g, '') ?? subject ?? addresses.at(-1)?.address ?? 'Somebody'
}
