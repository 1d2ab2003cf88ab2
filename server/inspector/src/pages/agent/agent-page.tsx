import { useEffect } from 'preact/hooks'
import { Link } from '../../elements/link.tsx'
import { Notice } from '../../elements/notice.tsx'
import { useMedia } from '../../elements/use-media.ts'
import { Answer } from '../../groups/answer.tsx'
import { CallForm } from '../../groups/call-form.tsx'
import { History } from '../../groups/history.tsx'
import { agents, contracts, listView, session } from '../../page.ts'
import { AgentsBeside } from '../agents/agents-page.tsx'
import { AgentHead } from './agent-head.tsx'

/** One agent: how it is, a form to call it, and what came of calls. */
export function AgentPage({ id }: { id: string }) {
  const isNarrow = useMedia('(max-width: 60rem)')
  const agent = agents.get(id)
  // The gateway tells of an agent anew when one of its contracts has changed.
  useEffect(() => contracts.refresh(id), [id, agent])
  if (!agent) {
    return (
      <Notice title={`There is no agent ${id}`}>
        <p>It was removed, its name is written otherwise, or you may not see it.</p>
        <Link to={{ page: 'agents', list: listView.value }} class="button">
          See all agents
        </Link>
      </Notice>
    )
  }
  return (
    <div class="columns">
      {!isNarrow && <AgentsBeside selected={id} />}
      <main class="agent-page" id="main" tabIndex={-1}>
        {isNarrow && (
          <Link to={{ page: 'agents', list: listView.value }} class="back">
            ‹ All agents
          </Link>
        )}
        {/* What was asked, answered or ticked there is about this agent, and goes with it. */}
        <AgentHead key={id} agent={agent} />
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
      </main>
    </div>
  )
}
