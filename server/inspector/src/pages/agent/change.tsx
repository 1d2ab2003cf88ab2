import type { AgentSnapshot } from '@halibut-gateway/schemas'
import { PendingCard } from '../../groups/pending-card.tsx'
import { session, trust } from '../../page.ts'
import { Certificate } from './certificate.tsx'
import { EditForm } from './edit-form.tsx'
import { OnOff } from './on-off.tsx'
import { Remove } from './remove.tsx'

/** Whatever can be changed about an agent, or why not. */
export function Change({ agent }: { agent: AgentSnapshot }) {
  const knocks = trust.pending.value?.filter(each => each.agent === agent.id) ?? []
  if (!session.may('agents.write')) {
    return (
      <section class="panel" aria-label="Change">
        <h2>Change</h2>
        <p class="hint">Your role may look at agents and not change them. Somebody with the role admin can.</p>
      </section>
    )
  }
  return (
    <div class="two-panels">
      <div class="stack">
        {agent.readOnly ? (
          <section class="panel" aria-label="Change">
            <h2>Change</h2>
            <p>
              {agent.name} stands in the settings file of the gateway, and is changed there: its address, its certificate, its tags and
              whether it is disabled. The gateway reads the file when it is started.
            </p>
          </section>
        ) : (
          <EditForm agent={agent} />
        )}
      </div>
      <div class="stack">
        {knocks.map(each => (
          <PendingCard key={each.id} pending={each} />
        ))}
        {!agent.readOnly && (
          <>
            <Certificate agent={agent} />
            <OnOff agent={agent} />
            <Remove agent={agent} />
          </>
        )}
      </div>
    </div>
  )
}
