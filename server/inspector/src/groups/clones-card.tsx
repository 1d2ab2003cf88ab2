import type { MethodResult } from '@halibut-gateway/schemas'
import { AgentLink } from '../elements/agent-link.tsx'
import { ProblemBox } from '../elements/problem-box.tsx'
import { RelativeTime } from '../elements/relative-time.tsx'
import { Thumbprint } from '../elements/thumbprint.tsx'
import { useAction } from '../elements/use-action.ts'
import { agents, session, trust } from '../page.ts'

type KnownClones = MethodResult<'trust.pending'>['clones'][number]

/** The machines that are one agent at the same time, or would be if nobody kept some of them out. */
export function ClonesCard({ clones }: { clones: KnownClones }) {
  const { agent, subscription, thumbprint, addresses, held } = clones
  return (
    <article class="panel pending cloned" data-clones={agent} aria-label="Machines with one certificate">
      <h3>{addresses.length + held.length} machines have one certificate</h3>
      <p>
        They poll as <code>{subscription}</code>, which is the agent <AgentLink id={agent}>{agents.get(agent)?.name ?? agent}</AgentLink>.
        Mostly a disk was copied. A call goes to whichever of those that are connected asks first.
      </p>
      <dl class="grid-list">
        <dt>certificate</dt>
        <dd>
          <Thumbprint value={thumbprint} />
        </dd>
        {addresses.length > 0 && (
          <>
            <dt>connected</dt>
            <dd>
              <Connected agent={agent} addresses={addresses} />
            </dd>
          </>
        )}
        {held.length > 0 && (
          <>
            <dt>kept out</dt>
            <dd>
              {held.map(each => (
                <div key={each.address}>
                  {each.address} by {each.by} <RelativeTime at={each.since} after=" ago" />{' '}
                  <Decide method="trust.release" agent={agent} address={each.address}>
                    Let it in again
                  </Decide>
                </div>
              ))}
            </dd>
          </>
        )}
      </dl>
      <p class="advice">To go on: give one of the machines a certificate of its own, and approve it when it knocks.</p>
      {!session.may('trust.write') && <p class="hint">Somebody with the role admin can keep one of them out.</p>}
    </article>
  )
}

/** The machines that are connected, each with a button that keeps it out; the newest is mostly the copy. */
function Connected({ agent, addresses }: { agent: string; addresses: readonly string[] }) {
  return (
    <>
      {addresses.map((address, i) => {
        const isNewest = i === addresses.length - 1 && i > 0
        return (
          <div key={address}>
            {address}
            {isNewest && ' (the newest)'}{' '}
            {addresses.length > 1 && (
              <Decide method="trust.hold" agent={agent} address={address}>
                {isNewest ? 'Hold the newer' : 'Hold this one'}
              </Decide>
            )}
          </div>
        )
      })}
    </>
  )
}

/** Keeps a machine out, or lets it in again. */
function Decide(props: { method: 'trust.hold' | 'trust.release'; agent: string; address: string; children: string }) {
  const { method, agent, address } = props
  const action = useAction()
  if (!session.may('trust.write')) return null
  return (
    <>
      <button
        type="button"
        class="small"
        disabled={action.isBusy.value}
        onClick={() => void action.run(() => trust.decide(method, { agent, address }))}
      >
        {props.children}
      </button>
      {action.problem.value !== undefined && <ProblemBox error={action.problem.value} />}
    </>
  )
}
