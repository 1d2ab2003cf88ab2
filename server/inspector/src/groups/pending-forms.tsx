import type { PendingSnapshot } from '@halibut-gateway/schemas'
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { ProblemBox } from '../elements/problem-box.tsx'
import { TextField } from '../elements/text-field.tsx'
import { useAction } from '../elements/use-action.ts'
import { trust } from '../page.ts'

const hourMs = 3_600_000
const pauses = [
  ['in an hour', hourMs],
  ['tomorrow', 24 * hourMs],
  ['in a week', 168 * hourMs],
] as const

/** Turns a certificate away for good. */
export function DenyForm({ pending, onClose }: { pending: PendingSnapshot; onClose: () => void }) {
  const reason = useSignal('')
  const action = useAction()
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => field.current?.focus(), [])
  const submit = async (): Promise<void> => {
    const params = { pending: pending.id, ...(reason.value === '' ? {} : { reason: reason.value }) }
    if (await action.run(() => trust.decide('trust.deny', params))) onClose()
  }
  return (
    <form
      class="decision"
      aria-label="Deny"
      onSubmit={event => {
        event.preventDefault()
        void submit()
      }}
    >
      <p>
        Its certificate is turned away for good and is not shown any more when it knocks, whatever it polls as. It stands in the list of
        those denied, and can be restored there.
      </p>
      <TextField label="Why, for those who look later" id={`why-${pending.id}`} text={reason} ref={field} maxLength={500} />
      {action.problem.value !== undefined && <ProblemBox error={action.problem.value} />}
      <div class="row wrap">
        <button type="submit" class="danger" disabled={action.isBusy.value}>
          Deny it
        </button>
        <button type="button" onClick={onClose}>
          Not now
        </button>
      </div>
    </form>
  )
}

/** Puts the decision off, or forgets the knock. */
export function LaterForm({ pending, onClose }: { pending: PendingSnapshot; onClose: () => void }) {
  const action = useAction()
  const first = useRef<HTMLButtonElement>(null)
  useEffect(() => first.current?.focus(), [])
  const act = async (what: () => Promise<unknown>): Promise<void> => {
    if (await action.run(what)) onClose()
  }
  return (
    <fieldset class="decision" aria-label="Later">
      <p>It stays turned away. Ask again</p>
      <div class="row wrap">
        {pauses.map(([words, forMs], i) => (
          <button
            ref={i === 0 ? first : null}
            type="button"
            key={words}
            disabled={action.isBusy.value}
            onClick={() => void act(() => trust.decide('trust.later', { pending: pending.id, forMs }))}
          >
            {words}
          </button>
        ))}
        <button
          type="button"
          disabled={action.isBusy.value}
          onClick={() => void act(() => trust.decide('trust.expire', { pending: pending.id }))}
        >
          when it knocks again
        </button>
        <button type="button" onClick={onClose}>
          Not now
        </button>
      </div>
      {action.problem.value !== undefined && <ProblemBox error={action.problem.value} />}
    </fieldset>
  )
}
