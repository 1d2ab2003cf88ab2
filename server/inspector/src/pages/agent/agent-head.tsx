import type { AgentSnapshot } from '@halibut-gateway/schemas'
import { useSignal } from '@preact/signals'
import { Compared } from '../../elements/compared.tsx'
import { CopyButton } from '../../elements/copy-button.tsx'
import { Link } from '../../elements/link.tsx'
import { ProblemBox } from '../../elements/problem-box.tsx'
import { RelativeTime } from '../../elements/relative-time.tsx'
import { SecondThought } from '../../elements/second-thought.tsx'
import { StateBadge } from '../../elements/state-badge.tsx'
import { Thumbprint } from '../../elements/thumbprint.tsx'
import { useAction } from '../../elements/use-action.ts'
import { Doctor } from '../../groups/doctor.tsx'
import { MismatchBox } from '../../groups/mismatch-box.tsx'
import { about, listView, router, session, trust } from '../../page.ts'
import { counted } from '../../values/format.ts'
import { adviceFor, mismatchOf } from '../../values/refusal.ts'

/** Who an agent is, how it is and why, and what to do where it is not well. */
export function AgentHead({ agent }: { agent: AgentSnapshot }) {
  return (
    <section class="panel agent-head" aria-label="Agent" data-head={agent.id}>
      <div class="row wrap">
        <h1>{agent.name}</h1>
        <StateBadge state={agent.state} />
        {agent.tags.map(tag => (
          <Link key={tag} to={{ page: 'agents', list: { ...listView.value, search: '', states: [], tag } }} class="tag">
            {tag}
          </Link>
        ))}
        <span class="spacer" />
        <Actions agent={agent} />
      </div>
      <State agent={agent} />
      <dl class="facts">
        <div>
          <dt>{agent.mode === 'polling' ? 'polls as' : 'listens at'}</dt>
          <dd>
            <code>{agent.uri}</code>
            <CopyButton text={agent.uri} what="the address" />
          </dd>
        </div>
        <div>
          <dt>pinned certificate</dt>
          <dd>
            <Thumbprint value={agent.thumbprint} />
          </dd>
        </div>
        {agent.nextThumbprint !== undefined && (
          <div>
            <dt>takes its place</dt>
            <dd>
              <Thumbprint value={agent.nextThumbprint} what="the thumbprint of the next certificate" />
            </dd>
          </div>
        )}
        <div>
          <dt>{agent.mode === 'polling' ? 'connections' : 'last probe'}</dt>
          <dd>{agent.mode === 'polling' ? counted(agent.connections, 'link') : <Probe agent={agent} />}</dd>
        </div>
      </dl>
    </section>
  )
}

function Probe({ agent }: { agent: AgentSnapshot }) {
  if (agent.probed === undefined) return <>none yet</>
  return (
    <>
      {agent.roundTripMs !== undefined && `${Math.round(agent.roundTripMs * 10) / 10} ms, `}
      <RelativeTime at={agent.probed} after=" ago" />
    </>
  )
}

function State({ agent }: { agent: AgentSnapshot }) {
  const knock = trust.pending.value?.find(each => each.agent === agent.id)
  const mismatch = mismatchOf(agent)
  const advice = adviceFor(agent, knock)
  return (
    <div class={`why ${agent.state}`}>
      {mismatch ? (
        <>
          <MismatchBox mismatch={mismatch} agent={agent.name} />
          {mismatch.facts && !agent.readOnly && <Repin key={mismatch.seen} agent={agent} seen={mismatch.seen} />}
        </>
      ) : (
        <p>
          {agent.reason}
          <span class="quiet">
            {' '}
            · {agent.state} since <RelativeTime at={agent.since} after=" ago" />
          </span>
        </p>
      )}
      {advice && <p class="advice">{advice}</p>}
      {agent.state !== 'connected' && agent.state !== 'disabled' && <Doctor agent={agent.id} />}
      {knock && (
        <Link to={{ page: 'trust', pending: knock.id }} class="button small">
          Look at who knocks
        </Link>
      )}
      {agent.state === 'offline' && agent.mode === 'polling' && about.value && (
        <p class="quiet">
          It should poll <code>{about.value.address}</code> and trust <code>{about.value.thumbprint}</code>
          <CopyButton text={about.value.thumbprint} what="the gateway’s thumbprint" />
        </p>
      )}
    </div>
  )
}

function Actions({ agent }: { agent: AgentSnapshot }) {
  const action = useAction()
  if (!session.may('agents.write')) return null
  if (agent.readOnly) return <span class="hint">stands in the settings file, and is changed there</span>
  const turn = agent.state === 'disabled' ? ('enable' as const) : ('disable' as const)
  const remove = async (): Promise<void> => {
    await session.request('agents.remove', { agent: agent.id, version: agent.version })
    router.go({ page: 'agents', list: listView.peek() })
  }
  return (
    <>
      <button
        type="button"
        class="small"
        disabled={action.isBusy.value}
        onClick={() => void action.run(() => session.request(`agents.${turn}`, { agent: agent.id }))}
      >
        {turn === 'enable' ? 'Enable' : 'Disable'}
      </button>
      <SecondThought ask="Remove…" act={`Remove ${agent.name} for good`} busy={action.isBusy.value} onAct={() => void action.run(remove)} />
      {action.problem.value !== undefined && <ProblemBox error={action.problem.value} />}
    </>
  )
}

/** Pins the agent to the certificate that was seen, once a person has compared it. */
function Repin({ agent, seen }: { agent: AgentSnapshot; seen: string }) {
  const compared = useSignal(false)
  const action = useAction()
  if (!session.may('trust.write')) return null
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
