import { describeType, signatureOf } from '@halibut-gateway/schemas/contract'
import { many, manyForm } from '../../page.ts'
import { mostAtOnce } from '../../state/many.ts'
import { readSeconds } from '../../values/deadline-text.ts'
import { counted } from '../../values/format.ts'
import { narrowMany } from './narrow-many.ts'

/** What is called, and how. */
export function ManyCallForm() {
  const { services, service, json, method, text, problems, args, targets, atOnce, stopAfter, timeoutSeconds } = manyForm
  const chosen = method.value
  const count = targets.value.length
  const timeoutMs = readSeconds(timeoutSeconds.value)
  const having = service.value === undefined ? 0 : (services.value.get(service.value) ?? 0)
  const isReady = chosen && args.value && problems.value.length === 0 && count > 0 && timeoutMs !== 'invalid'
  return (
    <form
      class="panel many-call"
      aria-label="What is called"
      onSubmit={event => {
        event.preventDefault()
        if (!isReady || !args.value || service.value === undefined) return
        many.start({
          agents: targets.value.map(({ id }) => id),
          service: service.value,
          method: signatureOf(chosen),
          args: args.value,
          timeoutMs,
          atOnce: atOnce.value,
          stopAfter: stopAfter.value,
        })
      }}
    >
      <h2>What is called</h2>
      {services.value.size === 0 ? (
        <p class="hint">The gateway knows no contract of these agents, so there is nothing to call from here.</p>
      ) : (
        <div class="pair">
          <label class="field">
            <span class="label">Service</span>
            <select value={service.value} onChange={event => narrowMany({ service: event.currentTarget.value, method: undefined })}>
              {[...services.value].map(([name, its]) => (
                <option key={name} value={name}>
                  {name}
                  {its === count ? '' : ` (${its} of ${count})`}
                </option>
              ))}
            </select>
          </label>
          <label class="field">
            <span class="label">Method</span>
            <select
              value={chosen && signatureOf(chosen)}
              onChange={event => narrowMany({ method: event.currentTarget.value, service: service.value })}
            >
              {json.value?.contract.methods.map(each => (
                <option key={signatureOf(each)} value={signatureOf(each)}>
                  {signatureOf(each)}
                </option>
              ))}
            </select>
          </label>
        </div>
      )}
      {having < count && having > 0 && (
        <p class="hint">
          {counted(count - having, 'agent')} of them {count - having === 1 ? 'has' : 'have'} no contract of it, and may not know it.
        </p>
      )}
      {chosen && (
        <label class="field">
          <span class="label">
            Arguments{' '}
            <span class="type">{chosen.params.map(param => `${param.name}: ${describeType(param.type)}`).join(', ') || 'none'}</span>
          </span>
          <textarea
            class="mono"
            rows={Math.min(12, text.value.split('\n').length + 1)}
            spellcheck={false}
            value={text.value}
            aria-invalid={problems.value.length > 0}
            onInput={event => manyForm.type(event.currentTarget.value)}
          />
        </label>
      )}
      {problems.value.slice(0, 5).map(problem => (
        <p class="problem" key={problem} role="alert">
          {problem}
        </p>
      ))}
      <div class="row wrap how">
        <label>
          <input
            type="number"
            min={1}
            max={mostAtOnce}
            value={atOnce.value}
            onInput={event => {
              atOnce.value = Math.min(mostAtOnce, Math.max(1, Math.floor(Number(event.currentTarget.value)) || 1))
            }}
          />{' '}
          at a time
        </label>
        <label>
          stop after{' '}
          <input
            type="number"
            min={1}
            placeholder="–"
            value={stopAfter.value ?? ''}
            onInput={event => {
              const failures = Math.floor(Number(event.currentTarget.value))
              stopAfter.value = failures > 0 ? failures : undefined
            }}
          />{' '}
          failures
        </label>
        <label>
          give up after{' '}
          <input
            type="text"
            inputMode="decimal"
            size={5}
            placeholder="–"
            aria-invalid={timeoutMs === 'invalid'}
            value={timeoutSeconds.value}
            onInput={event => {
              timeoutSeconds.value = event.currentTarget.value
            }}
          />{' '}
          seconds
        </label>
      </div>
      <button type="submit" class="primary" disabled={!isReady || many.isRunning.value}>
        Call {counted(count, 'agent')}
      </button>
    </form>
  )
}
