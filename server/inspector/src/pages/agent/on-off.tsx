import type { AgentSnapshot } from '@halibut-gateway/schemas'
import { useSignal } from '@preact/signals'
import { ProblemBox } from '../../elements/problem-box.tsx'
import { TextField } from '../../elements/text-field.tsx'
import { useAction } from '../../elements/use-action.ts'
import { session } from '../../page.ts'

/** Lets an agent take no calls, with the reason that others read, or take them again. */
export function OnOff({ agent }: { agent: AgentSnapshot }) {
  const reason = useSignal('')
  const action = useAction()
  const isOff = agent.state === 'disabled'
  const turn = async (): Promise<void> => {
    const given = reason.value.trim()
    const done = await action.run(() =>
      isOff
        ? session.request('agents.enable', { agent: agent.id })
        : session.request('agents.disable', { agent: agent.id, ...(given === '' ? {} : { reason: given }) }),
    )
    if (done) reason.value = ''
  }
  return (
    <form
      class="panel on-off"
      aria-label={isOff ? 'Enable' : 'Disable'}
      onSubmit={event => {
        event.preventDefault()
        void turn()
      }}
    >
      <h2>{isOff ? 'Enable' : 'Disable'}</h2>
      {isOff ? (
        <p>
          It takes no calls now: <b>{agent.reason}</b>.
        </p>
      ) : (
        <>
          <p class="hint">Its connections end, and it takes no calls until somebody enables it. Nothing that is said about it is lost.</p>
          <TextField label="Why, for those who look later" id="why-disabled" text={reason} maxLength={200} />
        </>
      )}
      {action.problem.value !== undefined && <ProblemBox error={action.problem.value} />}
      <div class="row">
        <button type="submit" disabled={action.isBusy.value}>
          {isOff ? `Enable ${agent.name}` : `Disable ${agent.name}`}
        </button>
      </div>
    </form>
  )
}
