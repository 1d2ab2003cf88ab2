import type { AgentSnapshot } from '@halibut-gateway/schemas'
import { useSignal } from '@preact/signals'
import { ProblemBox } from '../../elements/problem-box.tsx'
import { SecondThought } from '../../elements/second-thought.tsx'
import { TextField } from '../../elements/text-field.tsx'
import { Thumbprint } from '../../elements/thumbprint.tsx'
import { useAction } from '../../elements/use-action.ts'
import { session, trust } from '../../page.ts'
import { isThumbprint, tidyThumbprint } from '../../values/thumbprints.ts'

/** Which certificate an agent must show, and how another one takes its place. */
export function Certificate({ agent }: { agent: AgentSnapshot }) {
  const { id, name, thumbprint, nextThumbprint, version } = agent
  const next = useSignal('')
  const action = useAction()
  if (!session.may('trust.write')) return null
  const tidy = tidyThumbprint(next.value)
  const isWrong = next.value.trim() !== '' && !isThumbprint(tidy)
  const keep = (one: string) => void action.run(() => trust.decide('trust.keep', { agent: id, thumbprint: one, version }))
  const rotate = async (): Promise<void> => {
    if (await action.run(() => trust.decide('trust.rotate', { agent: id, thumbprint: tidy, version }))) next.value = ''
  }
  return (
    <form
      class="panel certificate"
      aria-label="Certificate"
      onSubmit={event => {
        event.preventDefault()
        void rotate()
      }}
    >
      <h2>Certificate</h2>
      <dl class="grid-list">
        <dt>pinned</dt>
        <dd>
          <Thumbprint value={thumbprint} />
        </dd>
        {nextThumbprint !== undefined && (
          <>
            <dt>as good</dt>
            <dd>
              <Thumbprint value={nextThumbprint} what="the thumbprint of the next certificate" />
            </dd>
          </>
        )}
      </dl>
      {nextThumbprint === undefined ? (
        <>
          <p class="hint">
            Where {name} is to have another certificate, say it beforehand: both are taken until the new one was seen, and no call is lost.
          </p>
          <TextField
            label="The next certificate, as the machine itself tells it"
            id="next-thumbprint"
            text={next}
            class="mono"
            spellcheck={false}
            placeholder="40 hex digits"
            aria-invalid={isWrong}
            aria-describedby="next-thumbprint-note"
          >
            <p class={isWrong ? 'problem' : 'hint'} id="next-thumbprint-note">
              {isWrong
                ? `These are ${tidy.length} of 40 hex digits.`
                : 'It stands beside the pinned one, and takes its place when it is seen.'}
            </p>
          </TextField>
          <div class="row">
            <button type="submit" disabled={action.isBusy.value || !isThumbprint(tidy) || tidy === thumbprint}>
              Let it come with that one, too
            </button>
          </div>
        </>
      ) : (
        <div class="row wrap">
          <SecondThought ask="Take it back…" act="Keep the pinned one alone" busy={action.isBusy.value} onAct={() => keep(thumbprint)} />
          <SecondThought ask="End it now…" act="Keep the new one alone" busy={action.isBusy.value} onAct={() => keep(nextThumbprint)} />
        </div>
      )}
      {action.problem.value !== undefined && <ProblemBox error={action.problem.value} />}
    </form>
  )
}
