import type { AgentSnapshot } from '@halibut-gateway/schemas'
import { useSignal } from '@preact/signals'
import { AgentLink } from '../../elements/agent-link.tsx'
import { ProblemBox } from '../../elements/problem-box.tsx'
import { RelativeTime } from '../../elements/relative-time.tsx'
import { SecondThought } from '../../elements/second-thought.tsx'
import { StateBadge } from '../../elements/state-badge.tsx'
import { TextField } from '../../elements/text-field.tsx'
import { Thumbprint } from '../../elements/thumbprint.tsx'
import { useAction } from '../../elements/use-action.ts'
import { CommandWays } from '../../groups/command-ways.tsx'
import { NotForYou } from '../../groups/not-for-you.tsx'
import { agents, session, trust } from '../../page.ts'
import { newCertificateWays } from '../../values/rotation-commands.ts'
import { tidyThumbprint } from '../../values/thumbprints.ts'
import { Step } from './step.tsx'

/** The certificate of an agent, from the old one to the new one. */
export function AgentRotation({ id }: { id: string }) {
  const agent = agents.get(id)
  const before = useSignal(agent?.thumbprint)
  if (!agent) return <p class="hint">There is no agent {id}, or it is not for you to see.</p>
  const isDone = agent.nextThumbprint === undefined && before.value !== undefined && before.value !== agent.thumbprint
  return (
    <>
      <p class="row wrap">
        <StateBadge state={agent.state} /> <AgentLink id={id}>{agent.name}</AgentLink>
        <span class="quiet">
          {agent.reason} · <RelativeTime at={agent.since} />
        </span>
      </p>
      {agent.mismatch && (
        <p class="advice">
          It presents another certificate already. <AgentLink id={id}>Compare the two on its page</AgentLink>, and pin it there.
        </p>
      )}
      {agent.readOnly ? (
        <p class="hint">
          {agent.name} stands in the settings: put <code>nextThumbprint</code> beside its <code>thumbprint</code> there, and start the
          gateway again.
        </p>
      ) : (
        <ol class="rotation-steps">
          <Make agent={agent} isDone={isDone} />
          <Swap agent={agent} isDone={isDone} />
          <Drop agent={agent} isDone={isDone} />
        </ol>
      )}
      {!session.may('trust.write') && <NotForYou right="trust.write" what="Doing one of these steps" />}
    </>
  )
}

interface Part {
  readonly agent: AgentSnapshot
  readonly isDone: boolean
}

function Make({ agent, isDone }: Part) {
  const next = useSignal('')
  const action = useAction()
  const tidy = tidyThumbprint(next.value)
  const isThumbprint = /^[0-9A-F]{40}$/.test(tidy)
  const isOpen = agent.nextThumbprint === undefined && !isDone
  const begin = async (): Promise<void> => {
    const params = { agent: agent.id, thumbprint: tidy, version: agent.version }
    if (await action.run(() => trust.decide('trust.rotate', params))) next.value = ''
  }
  return (
    <Step
      name="begin"
      state={isOpen ? 'now' : 'done'}
      title="1. Tell its next certificate"
      happens={
        <>
          The gateway lets {agent.name} come, or be found, with either of the two. No connection is cut. It now has{' '}
          <Thumbprint value={agent.thumbprint} what="its thumbprint" />
        </>
      }
    >
      {isOpen && session.may('trust.write') && (
        <>
          <CommandWays ways={newCertificateWays()} label="What runs there" />
          <form
            class="begin"
            aria-label="Tell its next certificate"
            onSubmit={event => {
              event.preventDefault()
              void begin()
            }}
          >
            <TextField
              label="The thumbprint that the machine then tells"
              id="next-thumbprint"
              text={next}
              class="mono"
              spellcheck={false}
              placeholder="40 hex digits"
              aria-invalid={next.value !== '' && !isThumbprint}
              aria-describedby="next-note"
            >
              <p class={next.value !== '' && !isThumbprint ? 'problem' : 'hint'} id="next-note">
                {next.value !== '' && !isThumbprint ? `These are ${tidy.length} of 40 hex digits.` : ''}
              </p>
            </TextField>
            {action.problem.value !== undefined && <ProblemBox error={action.problem.value} />}
            <div class="row">
              <button type="submit" class="primary" disabled={action.isBusy.value || !isThumbprint}>
                Let it come with this one, too
              </button>
            </div>
          </form>
        </>
      )}
    </Step>
  )
}

function Swap({ agent, isDone }: Part) {
  const action = useAction()
  const { nextThumbprint } = agent
  const keep = (thumbprint: string): void => {
    void action.run(() => trust.decide('trust.keep', { agent: agent.id, thumbprint, version: agent.version }))
  }
  return (
    <Step
      name="overlap"
      state={nextThumbprint !== undefined ? 'now' : isDone ? 'done' : 'later'}
      title="2. Let the machine use it"
      happens={<>Its operator starts its service again, so that it presents the new certificate. Until then it goes on with the old one.</>}
    >
      {nextThumbprint !== undefined && (
        <>
          <p class="listening" role="status">
            <span class="spinner small" aria-hidden="true" /> <span>It was not seen with the new one yet:</span>{' '}
            <Thumbprint value={nextThumbprint} what="its next thumbprint" />
          </p>
          {action.problem.value !== undefined && <ProblemBox error={action.problem.value} />}
          {session.may('trust.write') && (
            <div class="row wrap">
              <button type="button" class="small" disabled={action.isBusy.value} onClick={() => keep(agent.thumbprint)}>
                Abandon: keep the old one alone
              </button>
              <SecondThought
                ask="End it unseen…"
                act="Let only the new one in"
                busy={action.isBusy.value}
                onAct={() => keep(nextThumbprint)}
              />
            </div>
          )}
        </>
      )}
    </Step>
  )
}

function Drop({ agent, isDone }: Part) {
  return (
    <Step
      name="retire"
      state={isDone ? 'done' : 'later'}
      title="3. The old one is dropped"
      happens={<>As soon as it was seen with the new certificate, the old one is worth nothing to it any more. That happens by itself.</>}
    >
      {isDone && (
        <p role="status">
          {agent.name} has <Thumbprint value={agent.thumbprint} what="its thumbprint" /> alone.
        </p>
      )}
    </Step>
  )
}
