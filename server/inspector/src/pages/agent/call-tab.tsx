import type { AgentSnapshot } from '@halibut-gateway/schemas'
import { Answer } from '../../groups/answer.tsx'
import { CallForm } from '../../groups/call-form.tsx'
import { History } from '../../groups/history.tsx'
import { session } from '../../page.ts'

/** A form to call an agent, and what came of calls. */
export function CallTab({ agent }: { agent: AgentSnapshot }) {
  return (
    <div class="work">
      {session.may('agents.call') ? (
        <CallForm agent={agent} />
      ) : (
        <section class="panel" aria-label="Call">
          <h2>Call</h2>
          <p class="hint">Your role may look at agents and not call them. Somebody with the role operator or admin can.</p>
        </section>
      )}
      <div class="results">
        <Answer />
        <History />
      </div>
    </div>
  )
}
