import type { AgentSnapshot } from '@halibut-gateway/schemas'
import { useEffect } from 'preact/hooks'
import { AgentLink } from '../../elements/agent-link.tsx'
import { CopyButton } from '../../elements/copy-button.tsx'
import { Link } from '../../elements/link.tsx'
import { ProblemBox } from '../../elements/problem-box.tsx'
import { RelativeTime } from '../../elements/relative-time.tsx'
import { StateBadge } from '../../elements/state-badge.tsx'
import { Thumbprint } from '../../elements/thumbprint.tsx'
import { useAction } from '../../elements/use-action.ts'
import { MismatchBox } from '../../groups/mismatch-box.tsx'
import { about, doctor, listView, router, session, trust } from '../../page.ts'
import { counted } from '../../values/format.ts'
import { adviceFor, mismatchOf } from '../../values/refusal.ts'
import { Repin } from './repin.tsx'

/** Who an agent is, how it is and why, and what to do where it is not well. */
export function AgentHead({ agent }: { agent: AgentSnapshot }) {
  const mayKnow = agent.mode === 'polling' && session.may('trust.read')
  // Nobody watches the clones; that there are some, or fewer, is said by these.
  useEffect(() => {
    if (mayKnow) void trust.refresh()
  }, [mayKnow, agent.reason, agent.connections])
  return (
    <section class="panel agent-head" aria-label="Agent" data-head={agent.id}>
      <div class="row wrap">
        <h1>{agent.name}</h1>
        <StateBadge state={agent.state} />
        {agent.readOnly && (
          <span class="tag" title="It is changed in the settings file of the gateway, and nowhere else">
            settings file
          </span>
        )}
        {agent.tags.map(tag => (
          <Link key={tag} to={{ page: 'agents', list: { ...listView.value, search: '', states: [], tag } }} class="tag">
            {tag}
          </Link>
        ))}
        <span class="spacer" />
        <Enable agent={agent} />
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
          <dd>
            {agent.mode === 'polling' ? (
              <AgentLink id={agent.id} tab="connections">
                {counted(agent.connections, 'connection')}
              </AgentLink>
            ) : (
              <Probe agent={agent} />
            )}
          </dd>
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
  const route = router.route.value
  const isWithDoctor = route.page === 'agent' && route.tab === 'health'
  const isWell = agent.state === 'connected' || agent.state === 'disabled'
  const knock = trust.pending.value?.find(each => each.agent === agent.id)
  const clones = trust.clones.value.find(each => each.agent === agent.id)
  const mismatch = mismatchOf(agent)
  const advice = adviceFor(agent, knock)
  return (
    <div class={`why ${agent.state}`}>
      {mismatch ? (
        <>
          <MismatchBox mismatch={mismatch} agent={agent.name} />
          {mismatch.facts && <Repin key={mismatch.seen} agent={agent} seen={mismatch.seen} />}
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
      <div class="row wrap">
        {!isWell && !isWithDoctor && session.may('agents.write') && (
          <button
            type="button"
            class="small"
            onClick={() => {
              doctor.examine(agent.id)
              router.go({ page: 'agent', agent: agent.id, service: undefined, method: undefined, tab: 'health', list: listView.peek() })
            }}
          >
            Look what is wrong, step by step
          </button>
        )}
        {knock && (
          <Link to={{ page: 'trust', pending: knock.id }} class="button small">
            Look at who knocks
          </Link>
        )}
        {clones && (
          <AgentLink id={agent.id} tab="connections" class="button small">
            Look at its {clones.addresses.length + clones.held.length} machines
          </AgentLink>
        )}
      </div>
      {agent.state === 'offline' && agent.mode === 'polling' && about.value && (
        <p class="quiet">
          It should poll <code>{about.value.address}</code> and trust <code>{about.value.thumbprint}</code>
          <CopyButton text={about.value.thumbprint} what="the gateway’s thumbprint" />
        </p>
      )}
    </div>
  )
}

/** The way back for an agent that somebody has disabled. */
function Enable({ agent }: { agent: AgentSnapshot }) {
  const action = useAction()
  if (agent.state !== 'disabled' || agent.readOnly || !session.may('agents.write')) return null
  return (
    <>
      <button
        type="button"
        class="small"
        disabled={action.isBusy.value}
        onClick={() => void action.run(() => session.request('agents.enable', { agent: agent.id }))}
      >
        Enable
      </button>
      {action.problem.value !== undefined && <ProblemBox error={action.problem.value} />}
    </>
  )
}
