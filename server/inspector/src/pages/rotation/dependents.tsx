import type { MethodResult } from '@halibut-gateway/schemas'
import { useSignal } from '@preact/signals'
import { AgentLink } from '../../elements/agent-link.tsx'
import { RelativeTime } from '../../elements/relative-time.tsx'
import { StateBadge } from '../../elements/state-badge.tsx'
import { CommandWays } from '../../groups/command-ways.tsx'
import { about, agents } from '../../page.ts'
import { shownAtMost } from '../../state/rotation.ts'
import { moveWays } from '../../values/rotation-commands.ts'
import type { RotationStep } from '../../values/rotation-steps.ts'
import { rotation } from './rotation-stores.ts'

type Acceptance = MethodResult<'certificates.agents'>['agents'][number]
type Under = Exclude<RotationStep, { at: 'one' }>

/** The agents that depend on the old certificate, each with what its operator has to run. */
export function Dependents({ step, count }: { step: Under; count: number }) {
  const facts = rotation.facts.value
  const opened = useSignal<string | undefined>(undefined)
  if (!facts) return null
  const { onOld, isMore } = facts
  return (
    <>
      <ul class="dependents" aria-label="Agents that depend on the old one">
        {onOld.map(each => (
          <li key={each.agent} data-depends={each.agent}>
            <Dependent
              acceptance={each}
              step={step}
              isOpen={opened.value === each.agent}
              onOpen={isOpen => {
                opened.value = isOpen ? each.agent : undefined
              }}
            />
          </li>
        ))}
      </ul>
      {isMore && onOld.length < shownAtMost && (
        <div class="row">
          <button type="button" class="small" onClick={() => rotation.more()}>
            Show more of {count.toLocaleString('en')}
          </button>
        </div>
      )}
      {isMore && onOld.length >= shownAtMost && (
        <p class="hint">
          These are the first {shownAtMost.toLocaleString('en')} of {count.toLocaleString('en')}; the others follow as these move on.
        </p>
      )}
    </>
  )
}

function Dependent(props: { acceptance: Acceptance; step: Under; isOpen: boolean; onOpen: (isOpen: boolean) => void }) {
  const { acceptance, step, isOpen, onOpen } = props
  const { agent: id, accepted } = acceptance
  const agent = agents.get(id)
  const last = accepted[0]
  const host = about.value?.host ?? location.hostname
  const move = { old: step.old.thumbprint, fresh: step.fresh.thumbprint, host, port: step.fresh.ports[0] }
  return (
    <>
      <div class="row wrap">
        {agent && <StateBadge state={agent.state} />}
        <AgentLink id={id}>{agent?.name ?? id}</AgentLink>
        <span class="quiet">
          {agent && (agent.mode === 'polling' ? 'polls' : 'listens')}
          {last === undefined ? (
            ' · was never seen, so that nobody knows what it accepts'
          ) : (
            <>
              {' · accepted the old one '}
              <RelativeTime at={last.lastSeen} after=" ago" />
            </>
          )}
        </span>
        <span class="spacer" />
        {agent && (
          <button type="button" class="small" aria-expanded={isOpen} onClick={() => onOpen(!isOpen)}>
            What its operator runs
          </button>
        )}
      </div>
      {isOpen && agent && (
        <div class="commands">
          <CommandWays ways={moveWays(agent, move)} label="What runs there" />
          {agent.mode === 'polling' && (
            <p class="hint">
              A Tentacle may come to the new port under another subscription. Then it knocks: approve it under Decisions in the place of{' '}
              {agent.name}.
            </p>
          )}
        </div>
      )}
    </>
  )
}
