import type { ContractEntry } from '@halibut-gateway/schemas'
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { AgentLink } from '../../../elements/agent-link.tsx'
import { CopyButton } from '../../../elements/copy-button.tsx'
import { Link } from '../../../elements/link.tsx'
import { ProblemBox } from '../../../elements/problem-box.tsx'
import { ScrollArea } from '../../../elements/scroll-area.tsx'
import { useAction } from '../../../elements/use-action.ts'
import { agents, contracts, router, session } from '../../../page.ts'
import { usersOf } from '../../../values/contract-users.ts'
import { counted } from '../../../values/format.ts'
import { dayOf } from '../../../values/moments.ts'
import { contractList } from '../settings-stores.ts'
import { ContractForm } from './contract-form.tsx'

const namedAgents = 30

/** One contract: its methods, its document, who uses it, and what can be done with it. */
export function ContractDetail({ entry }: { entry: ContractEntry }) {
  const { service, agent, methods, readOnly, added } = entry
  const text = useSignal<string | undefined>(undefined)
  const doing = useSignal<'replace' | 'remove' | undefined>(undefined)
  const action = useAction()
  useEffect(() => {
    void action.run(async () => {
      const { contract } = await session.request('contracts.get', { service, ...(agent !== undefined && { agent }) })
      text.value = JSON.stringify(contract, undefined, 2)
    })
  }, [service, agent])
  const users = usersOf(entry, agents.all().values())
  const close = (): void => {
    doing.value = undefined
  }
  const mayChange = session.may('contracts.write') && !readOnly
  return (
    <section class="panel contract-detail" aria-label={service} data-contract-detail={service}>
      <div class="row wrap">
        <h2>{service}</h2>
        <span class="quiet">
          {agent === undefined ? 'for all agents' : `for ${agent}`}
          {added !== undefined && ` · added on ${dayOf(added)}`}
        </span>
        <span class="spacer" />
        <Link to={{ page: 'settings', part: 'contracts', args: {} }} class="button small">
          Close
        </Link>
      </div>
      {readOnly && <p class="hint">It stands in the settings, and is changed there: change its file, and start the gateway again.</p>}
      <h3>{counted(methods.length, 'method')}</h3>
      <ul class="methods-of">
        {methods.map(each => (
          <li key={each}>
            <code>{each}</code>
          </li>
        ))}
      </ul>
      <h3>Agents with it</h3>
      {users.length === 0 ? (
        <p class="hint">None says that it has this service.</p>
      ) : (
        <p>
          {users.slice(0, namedAgents).map((each, i) => (
            <span key={each.id}>
              {i > 0 && ', '}
              <AgentLink id={each.id}>{each.name}</AgentLink>
            </span>
          ))}
          {users.length > namedAgents && ` and ${(users.length - namedAgents).toLocaleString('en')} more`}
        </p>
      )}
      {action.problem.value !== undefined && <ProblemBox error={action.problem.value} />}
      {doing.value === 'replace' && text.value !== undefined ? (
        <ContractForm replaces={{ entry, text: text.value }} onClose={close} />
      ) : (
        text.value !== undefined && (
          <details>
            <summary>Its document</summary>
            <div class="command">
              <ScrollArea label={`The document of ${service}`}>{text.value}</ScrollArea>
              <CopyButton text={text.value} what="the document" />
            </div>
          </details>
        )
      )}
      {doing.value === 'remove' && <Remove entry={entry} users={users.length} onClose={close} />}
      {mayChange && doing.value === undefined && (
        <div class="row wrap">
          <button
            type="button"
            onClick={() => {
              doing.value = 'replace'
            }}
          >
            Replace…
          </button>
          <button
            type="button"
            onClick={() => {
              doing.value = 'remove'
            }}
          >
            Remove…
          </button>
        </div>
      )}
    </section>
  )
}

function Remove({ entry, users, onClose }: { entry: ContractEntry; users: number; onClose: () => void }) {
  const { service, agent, version } = entry
  const action = useAction()
  const remove = async (): Promise<void> => {
    const isDone = await action.run(async () => {
      await session.request('contracts.remove', { service, version, ...(agent !== undefined && { agent }) })
      await contractList.refresh()
    })
    if (!isDone) return
    if (agent !== undefined) contracts.refresh(agent)
    router.replace({ page: 'settings', part: 'contracts', args: {} })
  }
  return (
    <fieldset class="decision" aria-label={`Remove ${service}`}>
      <p>
        {agent === undefined
          ? `${counted(users, 'agent')} with this service: calls of it are then untyped, but for agents that have a contract of their own.`
          : `${agent} then uses the contract for all agents, where there is one; else its calls are untyped.`}{' '}
        Calls that run go on with it.
      </p>
      {action.problem.value !== undefined && <ProblemBox error={action.problem.value} />}
      <div class="row wrap">
        <button type="button" class="danger" disabled={action.isBusy.value} onClick={() => void remove()}>
          Remove it
        </button>
        <button type="button" onClick={onClose}>
          Keep it
        </button>
      </div>
    </fieldset>
  )
}
