import type { AgentSnapshot } from '@halibut-gateway/schemas'
import { describeType, type MethodNode, signatureOf } from '@halibut-gateway/schemas/contract'
import { calls, contracts, form } from '../page.ts'
import { CallFurther } from './call-further.tsx'
import { RawArguments } from './raw-arguments.tsx'
import { ValueField } from './value-field.tsx'

/** Service, method, arguments, a deadline, and the button that calls. */
export function CallForm({ agent }: { agent: AgentSnapshot }) {
  const service = form.service.value
  const { json, method } = form.chosen.value ?? {}
  return (
    <section class="panel call-panel" aria-label="Call" id="call" tabIndex={-1}>
      <h2>
        Call <span class="target">{agent.name}</span>
      </h2>
      {agent.services.length === 0 && (
        <p class="hint">
          The gateway knows no contract of this agent, so there is nothing to call from here. <code>halibut-gateway contracts add</code>{' '}
          tells it one; the agent’s <code>services</code> say which of them it has.
        </p>
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
        <p class="hint">
          The gateway does not know the contract of <code>{service}</code> any more.
        </p>
      )}
      {json && method && (
        <div class="call">
          <nav class="methods" aria-label="Method">
            {json.contract.methods.map(each => (
              <MethodButton key={signatureOf(each)} method={each} selected={each === method} />
            ))}
          </nav>
          <form
            class="arguments"
            aria-label="Arguments"
            onSubmit={event => {
              event.preventDefault()
              calls.make()
            }}
          >
            <Signature method={method} />
            {method.params.map((param, i) => (
              <ValueField
                key={`${signatureOf(method)} ${param.name}`}
                label={param.name}
                json={json}
                type={param.type}
                marks={param}
                value={form.args.value[i]}
                path={`/${i}`}
                onChange={value => form.edit(form.args.value.map((old, at) => (at === i ? value : old)))}
              />
            ))}
            {method.params.length === 0 && <p class="hint">No arguments.</p>}
            <div class="row wrap actions">
              <button
                type="submit"
                class="primary"
                disabled={form.errors.value.size > 0 || form.deadlineMs.value === 'invalid'}
                title="Ctrl+Enter"
              >
                Call {method.name}
              </button>
              <span class="keys" aria-hidden="true">
                <kbd>Ctrl</kbd>
                <kbd>Enter</kbd>
              </span>
              <Deadline />
            </div>
            <CallFurther />
            {!form.takesStreams.value && <RawArguments key={signatureOf(method)} />}
          </form>
        </div>
      )}
    </section>
  )
}

function Deadline() {
  return (
    <label class="deadline">
      give up after{' '}
      <input
        type="text"
        inputMode="decimal"
        size={5}
        autocomplete="off"
        aria-label="Give up after so many seconds"
        placeholder="–"
        title="Empty: it may run for as long as it takes, and wait for the agent for two minutes"
        aria-invalid={form.deadlineMs.value === 'invalid'}
        value={form.deadline.value}
        onInput={event => {
          form.deadline.value = event.currentTarget.value
        }}
      />{' '}
      seconds
    </label>
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

function Signature({ method }: { method: MethodNode }) {
  return (
    <div class="signature">
      <code>
        <b>{method.name}</b>({method.params.map(param => `${param.name}: ${describeType(param.type)}`).join(', ')})
        <span class="result"> → {describeType(method.result)}</span>
      </code>
      {method.description && <p>{method.description}</p>}
    </div>
  )
}
