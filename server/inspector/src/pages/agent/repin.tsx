import type { AgentSnapshot } from '@halibut-gateway/schemas'
import { useSignal } from '@preact/signals'
import { Compared } from '../../elements/compared.tsx'
import { ProblemBox } from '../../elements/problem-box.tsx'
import { useAction } from '../../elements/use-action.ts'
import { session, trust } from '../../page.ts'

/** Pins an agent to the certificate that was seen, once a person has compared it: that one alone, whichever answers by then. */
export function Repin({ agent, seen }: { agent: AgentSnapshot; seen: string }) {
  const compared = useSignal(false)
  const action = useAction()
  if (agent.readOnly) return <p class="hint">It stands in the settings file, where its thumbprint is changed.</p>
  if (!session.may('trust.write'))
    return <p class="hint">Somebody with the role admin can pin the new certificate, once it was compared.</p>
  return (
    <div class="repin">
      <Compared compared={compared}>The machine itself tells the thumbprint that was seen</Compared>{' '}
      <button
        type="button"
        class="small"
        disabled={!compared.value || action.isBusy.value}
        onClick={() => void action.run(() => trust.decide('trust.repin', { agent: agent.id, thumbprint: seen }))}
      >
        Pin it, and revoke the one before
      </button>
      {action.problem.value !== undefined && <ProblemBox error={action.problem.value} />}
    </div>
  )
}
