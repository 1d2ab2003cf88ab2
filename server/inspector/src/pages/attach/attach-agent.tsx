import { useSignal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { AgentLink } from '../../elements/agent-link.tsx'
import { Command } from '../../elements/command.tsx'
import { Link } from '../../elements/link.tsx'
import { StateBadge } from '../../elements/state-badge.tsx'
import { Thumbprint } from '../../elements/thumbprint.tsx'
import { CommandWays } from '../../groups/command-ways.tsx'
import { PendingCard } from '../../groups/pending-card.tsx'
import { about, agents, session, trust } from '../../page.ts'
import type { AgentSide } from '../../state/about.ts'
import { now } from '../../state/clock.ts'
import { listeningWays, pollingWays } from '../../values/attach-commands.ts'
import { hintAfterMs, pollingHints } from '../../values/attach-hints.ts'
import { AddForm } from './add-form.tsx'

/** The steps to an agent that is there, each with what to paste, live until it is there. */
export function AttachAgent({ mode }: { mode: 'listening' | 'polling' }) {
  const side = about.value
  if (!side) return <p class="hint">Asking the gateway where agents find it.</p>
  return (
    <>
      {mode === 'listening' ? <Listening side={side} /> : <Polling side={side} />}
      <Arrived />
    </>
  )
}

function Listening({ side }: { side: AgentSide }) {
  return (
    <ol class="steps">
      <li class="panel">
        <h2>Set it up</h2>
        <p>
          It has to trust this gateway, whose thumbprint is <Thumbprint value={side.thumbprint} what="the gateway’s thumbprint" />
        </p>
        <CommandWays ways={listeningWays(side)} label="What is set up" />
      </li>
      <li class="panel">
        <h2>Tell the gateway where it is, and which certificate it has</h2>
        <AddForm />
      </li>
    </ol>
  )
}

function Polling({ side }: { side: AgentSide }) {
  const waiting = trust.waiting()
  return (
    <ol class="steps">
      <li class="panel">
        <h2>Set it up</h2>
        <p>
          It polls <code>{side.address}</code> and has to trust this gateway, whose thumbprint is{' '}
          <Thumbprint value={side.thumbprint} what="the gateway’s thumbprint" />
        </p>
        {side.isLoopback && (
          <p class="hint">
            Only this machine reaches the gateway there. For agents on others set <code>agentHost</code>, for example to{' '}
            <code>0.0.0.0</code>, and open the port in the firewall.
          </p>
        )}
        <CommandWays ways={pollingWays(side)} label="What is set up" />
      </li>
      <li class="panel">
        <h2>Let it in when it knocks</h2>
        {!session.may('trust.read') ? (
          <p class="hint">Somebody with the role admin sees it knock, and can let it in.</p>
        ) : waiting.length === 0 ? (
          <NobodyYet side={side} />
        ) : (
          waiting.map(each => <PendingCard key={each.id} pending={each} />)
        )}
      </li>
    </ol>
  )
}

/** Nobody has knocked: a spinner at first, then what to look at. */
function NobodyYet({ side }: { side: AgentSide }) {
  const since = useSignal(now.peek())
  // Nobody watches who was denied.
  useEffect(() => void trust.refresh(), [])
  if (now.value - since.value < hintAfterMs) {
    return (
      <p class="listening" role="status">
        <span class="spinner small" aria-hidden="true" /> Nobody has knocked yet. It stands here as soon as it does.
      </p>
    )
  }
  const later = (trust.pending.value?.length ?? 0) - trust.waiting().length
  return (
    <div class="hints" role="status">
      <p>
        <b>Nobody has knocked yet.</b> It stands here as soon as it does. Meanwhile, look at these:
      </p>
      <ol class="bullets">
        {pollingHints(side, trust.denied.value.length, later).map(({ text, lines }) => (
          <li key={text}>
            {text}
            {lines && <Command lines={lines} what="the commands that say whether the gateway is reached" />}
          </li>
        ))}
      </ol>
      <Link to={{ page: 'trust', pending: undefined }} class="button small">
        See whom the gateway turns away
      </Link>
    </div>
  )
}

/** The agents that were not there when the page was opened, and how they are. */
function Arrived() {
  const before = useMemo(() => new Set([...agents.all().values()].filter(each => each.state === 'connected').map(({ id }) => id)), [])
  const known = useMemo(() => new Set(agents.all().keys()), [])
  const fresh = [...agents.all().values()].filter(({ id, state }) => !known.has(id) || (state === 'connected' && !before.has(id)))
  if (fresh.length === 0) return null
  return (
    <section class="panel arrived" aria-label="New agents" role="status">
      <h2>{fresh.some(({ state }) => state === 'connected') ? 'It is there' : 'It is registered'}</h2>
      <ul>
        {fresh.slice(0, 5).map(agent => (
          <li key={agent.id} class="row wrap" data-arrived={agent.id} data-state={agent.state}>
            <StateBadge state={agent.state} />
            <b>{agent.name}</b>
            <span class="quiet">{agent.reason}</span>
            <span class="spacer" />
            {agent.state === 'connected' ? (
              <AgentLink id={agent.id} class="button primary">
                Call {agent.name}
              </AgentLink>
            ) : (
              <AgentLink id={agent.id} tab="health" class="button primary">
                Look at {agent.name}
              </AgentLink>
            )}
            {agent.state !== 'connected' && agent.advice !== undefined && <p class="advice">To go on: {agent.advice}.</p>}
          </li>
        ))}
      </ul>
    </section>
  )
}
