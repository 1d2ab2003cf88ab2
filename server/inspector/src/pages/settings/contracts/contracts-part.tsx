import type { ContractEntry } from '@halibut-gateway/schemas'
import { untracked, useComputed, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { AgentLink } from '../../../elements/agent-link.tsx'
import { Link } from '../../../elements/link.tsx'
import { ProblemBox } from '../../../elements/problem-box.tsx'
import { useFocusAfter } from '../../../elements/use-focus-after.ts'
import { NotForYou } from '../../../groups/not-for-you.tsx'
import { agents, session } from '../../../page.ts'
import { now } from '../../../state/clock.ts'
import { serviceCounts } from '../../../values/contract-users.ts'
import { counted } from '../../../values/format.ts'
import { contractList } from '../settings-stores.ts'
import { ContractDetail } from './contract-detail.tsx'
import { ContractForm } from './contract-form.tsx'

const lookMs = 5_000

/** The contracts of services: for all agents, or for one. */
export function ContractsPart({ service, agent }: { service: string | undefined; agent: string | undefined }) {
  const client = session.client.value
  const isAdding = useSignal(false)
  const add = useFocusAfter<HTMLButtonElement>(isAdding.value)
  useEffect(() => void contractList.refresh(), [client])
  const all = contractList.value.value
  // There may be ten thousand agents that come and go: to look now and then is enough.
  const look = useComputed(() => Math.floor(now.value / lookMs))
  const counts = useComputed(() => {
    void look.value
    return untracked(() => serviceCounts(agents.all().values()))
  })
  const chosen = all?.find(each => each.service === service && each.agent === agent)
  return (
    <>
      <p class="lead">
        A contract tells the gateway which methods a service has and of which types their values are: forms, checks and completions come
        from it. One for a single agent counts before that for all.
      </p>
      {session.may('contracts.write') ? (
        isAdding.value ? (
          <ContractForm
            onClose={() => {
              isAdding.value = false
            }}
          />
        ) : (
          <div class="row">
            <button
              type="button"
              ref={add}
              class="primary"
              onClick={() => {
                isAdding.value = true
              }}
            >
              Add a contract…
            </button>
          </div>
        )
      ) : (
        <NotForYou right="contracts.write" what="Adding or changing one" />
      )}
      {contractList.problem.value !== undefined && <ProblemBox error={contractList.problem.value} />}
      {!all && contractList.problem.value === undefined && <p class="hint">Asking the gateway.</p>}
      {all?.length === 0 && <p class="hint">The gateway knows no contract yet.</p>}
      <div class={service === undefined ? 'contract-panes' : 'contract-panes with-detail'}>
        <ul class="contract-list" aria-label="Contracts">
          {all?.map(each => (
            <ContractRow
              key={`${each.agent ?? ''}/${each.service}`}
              entry={each}
              isChosen={each === chosen}
              count={counts.value.get(each.service) ?? 0}
            />
          ))}
        </ul>
        {chosen && <ContractDetail key={`${chosen.agent ?? ''}/${chosen.service} ${chosen.version}`} entry={chosen} />}
        {all && service !== undefined && !chosen && (
          <p class="hint">
            There is no contract for {service}
            {agent !== undefined && ` of ${agent}`}, or it is not for you to see.
          </p>
        )}
      </div>
    </>
  )
}

function ContractRow({ entry, isChosen, count }: { entry: ContractEntry; isChosen: boolean; count: number }) {
  const { service, agent, methods, readOnly } = entry
  return (
    <li class={isChosen ? 'panel chosen' : 'panel'} data-contract={service}>
      <Link to={{ page: 'settings', part: 'contracts', args: { service, ...(agent !== undefined && { agent }) } }} current={isChosen}>
        {service}
      </Link>
      <span class="quiet">
        {counted(methods.length, 'method')} · {agent === undefined ? 'for all agents' : 'for '}
        {agent !== undefined && <AgentLink id={agent}>{agent}</AgentLink>}
        {agent === undefined && ` · ${counted(count, 'agent')} with it`}
        {readOnly && ' · of the settings'}
      </span>
    </li>
  )
}
