import { describeType, type MethodNode, signatureOf } from '@halibut-gateway/schemas/contract'
import { useEffect } from 'preact/hooks'
import { args, argumentErrors, call, choose, chosen, takesStreams } from '../call-state.ts'
import { agents } from '../gateway-state.ts'
import { RawArguments } from './raw-arguments.tsx'
import { ValueField } from './value-field.tsx'

/** Service, method, arguments, and the button that calls. */
export function CallForm() {
  const { agent: id, json, method } = chosen.value ?? {}
  const agent = id === undefined ? undefined : agents.value?.get(id)
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
      event.preventDefault()
      call()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])
  if (!agent) return null
  return (
    <section class="panel" aria-label="Call" id="call" tabIndex={-1}>
      <div class="row wrap">
        <h2>
          Call <span class="target">{agent.name}</span>
        </h2>
      </div>
      {agent.services.length === 0 && (
        <p class="hint">The gateway knows no contract of this agent, so there is nothing to call from here.</p>
      )}
      <nav class="tabs" aria-label="Service">
        {agent.services.map(service => (
          <button type="button" key={service} aria-pressed={service === json?.contract.service} onClick={() => choose({ service })}>
            {service.replace(/^I(?=[A-Z])/, '').replace(/Service$/, '')}
          </button>
        ))}
      </nav>
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
              call()
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
                value={args.value[i]}
                path={`/${i}`}
                onChange={value => {
                  args.value = args.value.map((old, at) => (at === i ? value : old))
                }}
              />
            ))}
            {method.params.length === 0 && <p class="hint">No arguments.</p>}
            <div class="row wrap actions">
              <button type="submit" class="primary" disabled={argumentErrors.value.size > 0}>
                Call {method.name}
              </button>
              <kbd>Ctrl</kbd>
              <kbd>Enter</kbd>
            </div>
            {!takesStreams.value && <RawArguments key={signatureOf(method)} />}
          </form>
        </div>
      )}
    </section>
  )
}

function MethodButton({ method, selected }: { method: MethodNode; selected: boolean }) {
  return (
    <button type="button" aria-pressed={selected} title={method.description} onClick={() => choose({ signature: signatureOf(method) })}>
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
