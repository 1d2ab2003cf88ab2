import type { AgentSnapshot } from '@halibut-gateway/schemas'
import { describeType, type MethodNode, signatureOf } from '@halibut-gateway/schemas/contract'
import { useSignal } from '@preact/signals'
import { AgentLink } from '../elements/agent-link.tsx'
import { contracts, form, session } from '../page.ts'
import { CallArguments } from './call-arguments.tsx'
import { ContractFiles } from './contract-files.tsx'
import { askForPaste, PasteNotice, TakesPastes } from './paste-call.tsx'

/** More methods than that can be searched. */
const manyMethods = 12

/** Service, method, arguments, a deadline, and the button that calls. */
export function CallForm({ agent }: { agent: AgentSnapshot }) {
  const service = form.service.value
  const { json, method } = form.chosen.value ?? {}
  return (
    <section class="panel call-panel" aria-label="Call" id="call" tabIndex={-1}>
      <div class="row wrap">
        <h2>
          Call <span class="target">{agent.name}</span>
        </h2>
        <span class="spacer" />
        {agent.services.length > 0 && (
          <button type="button" class="small" onClick={askForPaste}>
            Paste a call…
          </button>
        )}
      </div>
      {agent.services.length === 0 && (
        <>
          <p class="hint">Nobody has said yet which services it hosts, so there is nothing to call from here.</p>
          {session.may('agents.write') && (
            <AgentLink id={agent.id} tab="change" class="button">
              Say which services it hosts
            </AgentLink>
          )}
        </>
      )}
      {agent.services.length > 0 && (
        <nav class="tabs" aria-label="Service">
          {agent.services.map(each => (
            <button type="button" key={each} aria-pressed={each === service} title={each} onClick={() => form.choose({ service: each })}>
              {each.replace(/^I(?=[A-Z])/, '').replace(/Service$/, '')}
            </button>
          ))}
        </nav>
      )}
      {service !== undefined && contracts.of(service, agent.id) === 'missing' && (
        <div class="contracts-wanted">
          <p>
            The gateway has no contract of <code>{service}</code>, and without it no form to call it.
          </p>
          <ContractFiles onAdded={() => contracts.refresh(agent.id)} />
        </div>
      )}
      {json && method && (
        <TakesPastes class="call">
          <Methods methods={json.contract.methods} chosen={method} />
          <div class="call-arguments">
            <PasteNotice />
            {form.linkProblem.value && (
              <p class="problem" role="alert">
                {form.linkProblem.value}
              </p>
            )}
            <CallArguments json={json} method={method} />
          </div>
        </TakesPastes>
      )}
    </section>
  )
}

function Methods({ methods, chosen }: { methods: readonly MethodNode[]; chosen: MethodNode }) {
  const search = useSignal('')
  const wanted = search.value.trim().toLowerCase()
  const shown = wanted === '' ? methods : methods.filter(each => signatureOf(each).toLowerCase().includes(wanted))
  return (
    <nav class="methods" aria-label="Method">
      {methods.length > manyMethods && (
        <input
          type="search"
          aria-label="Search the methods"
          placeholder={`${methods.length} methods`}
          value={search.value}
          onInput={event => {
            search.value = event.currentTarget.value
          }}
        />
      )}
      {shown.map(each => (
        <MethodButton key={signatureOf(each)} method={each} selected={each === chosen} />
      ))}
      {shown.length === 0 && <p class="hint">No method is called so.</p>}
    </nav>
  )
}

function MethodButton({ method, selected }: { method: MethodNode; selected: boolean }) {
  return (
    <button
      type="button"
      aria-pressed={selected}
      title={method.description}
      onClick={() => form.choose({ signature: signatureOf(method) })}
    >
      <span class="name">{method.name}</span>
      <span class="types">{method.params.map(param => describeType(param.type)).join(', ') || 'no arguments'}</span>
    </button>
  )
}
