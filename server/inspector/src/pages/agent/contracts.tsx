import type { AgentSnapshot, ContractEntry } from '@halibut-gateway/schemas'
import { AgentLink } from '../../elements/agent-link.tsx'
import { CopyButton } from '../../elements/copy-button.tsx'
import { ProblemBox } from '../../elements/problem-box.tsx'
import { RelativeTime } from '../../elements/relative-time.tsx'
import { useAsked } from '../../elements/use-asked.ts'
import { session } from '../../page.ts'
import { counted } from '../../values/format.ts'
import { shortMethod } from '../../values/method-names.ts'

/** The contracts that calls of an agent use, and the methods in them. */
export function AgentContracts({ agent }: { agent: AgentSnapshot }) {
  const { id } = agent
  const asked = useAsked(id, () => session.request('contracts.list', { agent: id }), { when: agent })
  const all = asked.value.value?.contracts
  const isIts = ({ service, agent: owner }: ContractEntry): boolean => owner === id || agent.services.includes(service)
  const its = all?.filter(isIts)
  const others = all?.filter(each => !isIts(each)) ?? []
  const unknown = all ? agent.services.filter(service => !all.some(each => each.service === service)) : []
  return (
    <section class="panel contracts" aria-label="Contracts">
      <h2>Contracts</h2>
      {asked.problem.value !== undefined && !all && <ProblemBox error={asked.problem.value} />}
      {its?.length === 0 && <p class="hint">{agent.name} hosts no service whose contract the gateway knows.</p>}
      {its && its.length > 0 && (
        <ul>
          {its.map(each => (
            <Contract key={each.service} agent={id} contract={each} />
          ))}
        </ul>
      )}
      {unknown.length > 0 && (
        <p class="hint">
          It is said to host {unknown.join(', ')}, of which there is no contract: <code>halibut-gateway contracts add</code> tells the
          gateway one.
        </p>
      )}
      {others.length > 0 && (
        <details>
          <summary>{counted(others.length, 'further contract')} that calls of it can use</summary>
          <ul>
            {others.map(each => (
              <Contract key={each.service} agent={id} contract={each} />
            ))}
          </ul>
        </details>
      )}
    </section>
  )
}

function Contract({ agent, contract }: { agent: string; contract: ContractEntry }) {
  const { service, agent: owner, methods, version, readOnly, added } = contract
  return (
    <li data-contract={service}>
      <div class="row wrap">
        <h3>{service}</h3>
        <span class={owner === undefined ? 'tag' : 'tag its-own'}>
          {owner === undefined ? 'shared by all agents' : 'of this agent alone'}
        </span>
        <span class="quiet">
          {readOnly ? 'of the settings file' : added === undefined ? '' : 'added '}
          {added !== undefined && !readOnly && <RelativeTime at={added} after=" ago" />}
        </span>
        <span class="spacer" />
        <span class="quiet">
          version <code>{version}</code>
          <CopyButton text={version} what={`the version of ${service}`} />
        </span>
      </div>
      <div class="methods-of">
        {methods.map(method => (
          <AgentLink key={method} id={agent} service={service} method={method}>
            <code title={method}>{shortMethod(method)}</code>
          </AgentLink>
        ))}
      </div>
    </li>
  )
}
