import { describeType, type MethodNode, signatureOf } from '@halibut-gateway/schemas/contract'
import type { ContractJson } from '@halibut-gateway/schemas/wire'
import { signal } from '@preact/signals'
import { Choices } from '../elements/choices.tsx'
import { useMedia } from '../elements/use-media.ts'
import { calls, form } from '../page.ts'
import { counted } from '../values/format.ts'
import { CallFurther } from './call-further.tsx'
import { Deadline, MoreOptions } from './call-times.tsx'
import { CopyCall } from './copy-call.tsx'
import { RawArguments } from './raw-arguments.tsx'
import { ValueField } from './value-field.tsx'

const views = ['form', 'JSON', 'both'] as const
/** What somebody chose to see, in this tab. */
const chosenView = signal<(typeof views)[number] | undefined>(undefined)
const shownMisfits = 5

/** The arguments of a method as a form, as JSON or both beside each other, and the button that calls. */
export function CallArguments({ json, method }: { json: ContractJson; method: MethodNode }) {
  const isWide = useMedia('(min-width: 80rem)')
  const view = chosenView.value ?? (isWide ? 'both' : 'form')
  const signature = signatureOf(method)
  return (
    <form
      class="arguments"
      aria-label="Arguments"
      onSubmit={event => {
        event.preventDefault()
        calls.make()
      }}
    >
      <div class="row wrap">
        <Signature method={method} />
        <span class="spacer" />
        <Choices label="Show the arguments as" all={views} chosen={view} onChoose={each => (chosenView.value = each)} />
      </div>
      <div class={`views ${view}`}>
        {view !== 'JSON' && (
          <div class="fields">
            {method.params.map((param, i) => (
              <ValueField
                key={`${signature} ${param.name}`}
                field={ValueField}
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
          </div>
        )}
        {view !== 'form' && <RawArguments key={signature} />}
      </div>
      <Misfits method={method} isListed={view === 'form'} />
      <div class="row wrap actions">
        <button type="submit" class="primary" disabled={!form.isReady.value} title="Ctrl+Enter">
          Call {method.name}
        </button>
        <span class="keys" aria-hidden="true">
          <kbd>Ctrl</kbd>
          <kbd>Enter</kbd>
        </span>
        <Deadline />
      </div>
      <CallFurther />
      <MoreOptions />
      <CopyCall />
    </form>
  )
}

/** Why the call cannot be made yet; `isListed`: with the places, which the JSON else tells where they stand in it. */
function Misfits({ method, isListed }: { method: MethodNode; isListed: boolean }) {
  const errors = [...form.errors.value.values()]
  if (form.isTextBroken.value) return <p class="problem">The JSON is not complete, so it is not clear what to send.</p>
  if (errors.length === 0 || !isListed) return null
  return (
    <div class="misfits">
      <p class="problem">{counted(errors.length, 'place does', 'places do')} not fit the contract yet:</p>
      <ul class="places">
        {errors.slice(0, shownMisfits).map(({ path, expected, got }) => (
          <li key={path}>
            <button type="button" class="small" onClick={() => goTo(path)}>
              {inWords(method, path)}
            </button>{' '}
            expected {expected}, got {got}
          </li>
        ))}
      </ul>
    </div>
  )
}

/** The parameter by its name: `/0/Title` is `appointment/Title`. */
function inWords(method: MethodNode, path: string): string {
  const [, index = '', ...rest] = path.split('/')
  return [method.params[Number(index)]?.name ?? index, ...rest].join('/')
}

/** To the field of a place, or the one that it stands in. */
function goTo(path: string): void {
  for (let at = path; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
    const field = document.querySelector(`[data-path="${CSS.escape(at)}"]`)
    const input = field?.querySelector<HTMLElement>('input, textarea, select, button')
    if (input) {
      input.focus()
      return
    }
  }
}

function Signature({ method }: { method: MethodNode }) {
  return (
    <div class="signature">
      <code>
        <b>{method.name}</b>({method.params.map(param => `${param.name}: ${describeType(param.type)}`).join(', ')})
        <span class="gives"> → {describeType(method.result)}</span>
      </code>
      {method.description && <p>{method.description}</p>}
    </div>
  )
}
