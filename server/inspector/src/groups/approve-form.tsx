import type { PendingSnapshot } from '@halibut-gateway/schemas'
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { Compared } from '../elements/compared.tsx'
import { ProblemBox } from '../elements/problem-box.tsx'
import { TextField } from '../elements/text-field.tsx'
import { Thumbprint } from '../elements/thumbprint.tsx'
import { useAction } from '../elements/use-action.ts'
import { agents, trust } from '../page.ts'
import { tidyThumbprint } from '../values/thumbprints.ts'
import { ServiceChoice } from './service-choice.tsx'

const mostSuggested = 20

/** Lets somebody in, as a new agent or in the place of a known one. `seen`: what the person decides on, which must be so still. */
export function ApproveForm(props: { seen: PendingSnapshot; replaces: boolean; hasChanged: boolean; onClose: () => void }) {
  const { seen, replaces, hasChanged, onClose } = props
  const id = useSignal(suggestedId(seen))
  const name = useSignal('')
  const services = useSignal<readonly string[]>([])
  const place = useSignal(seen.agent ?? '')
  const compared = useSignal(false)
  const pasted = useSignal('')
  const action = useAction()
  const first = useRef<HTMLInputElement>(null)
  useEffect(() => first.current?.focus(), [])
  const told = tidyThumbprint(pasted.value)
  const isSame = told !== '' && (told === seen.thumbprint || told === seen.thumbprint256)
  const isOther = told !== '' && !isSame
  const replaced = agents.get(place.value)
  const hasPlace = replaces ? replaced !== undefined : id.value !== ''
  const submit = async (): Promise<void> => {
    const { thumbprint = '', version } = seen
    const as = replaces
      ? { replace: place.value }
      : { id: id.value, ...(name.value === '' ? {} : { name: name.value }), services: [...services.value] }
    if (await action.run(() => trust.decide('trust.approve', { pending: seen.id, thumbprint, version, ...as }))) onClose()
  }
  return (
    <form
      class="decision"
      aria-label={replaces ? 'Replace a machine' : 'Approve'}
      onSubmit={event => {
        event.preventDefault()
        void submit()
      }}
    >
      <TextField
        label="What the machine itself tells as its thumbprint"
        id={`told-${seen.id}`}
        text={pasted}
        ref={first}
        class="mono"
        spellcheck={false}
        placeholder="paste it, and it is compared"
        aria-invalid={isOther}
        aria-describedby={`told-${seen.id}-note`}
      >
        <p class={isOther ? 'problem' : 'hint'} id={`told-${seen.id}-note`} role="status">
          {isSame ? '✓ It is the same.' : isOther ? 'This is another one: do not let it in.' : ''}
        </p>
      </TextField>
      {!isSame && (
        <Compared compared={compared}>
          I have compared it by eye: {seen.thumbprint !== undefined && <Thumbprint value={seen.thumbprint} />}
        </Compared>
      )}
      {replaces ? (
        <TextField label="Takes the place of" id={`place-${seen.id}`} text={place} list={`places-${seen.id}`}>
          <datalist id={`places-${seen.id}`}>
            {suggested(place.value).map(each => (
              <option key={each} value={each} />
            ))}
          </datalist>
          <p class="hint">
            {replaced
              ? `${replaced.name} keeps its id, name, tags and services. Its certificate ${replaced.thumbprint} is revoked in the same act, and its connections are cut.`
              : 'The id of the agent whose machine this is from now on.'}
          </p>
        </TextField>
      ) : (
        <>
          <div class="pair">
            <TextField label="Id, as programs name it" id={`id-${seen.id}`} text={id} class="mono" required />
            <TextField label="Name, for people" id={`name-${seen.id}`} text={name} placeholder={id.value} />
          </div>
          <ServiceChoice
            chosen={services.value}
            onChange={chosen => {
              services.value = chosen
            }}
          />
        </>
      )}
      {action.problem.value !== undefined && <ProblemBox error={action.problem.value} />}
      <div class="row wrap">
        <button
          type="submit"
          class="primary"
          disabled={action.isBusy.value || hasChanged || isOther || !hasPlace || !(isSame || compared.value)}
        >
          {replaces ? `Replace ${replaced?.name ?? 'it'}` : `Approve ${id.value}`}
        </button>
        <button type="button" onClick={onClose}>
          Not now
        </button>
      </div>
    </form>
  )
}

/** An id out of the subscription that it polls as, which no agent has yet. */
function suggestedId({ subscription = '' }: PendingSnapshot): string {
  const base = subscription
    .replace(/^poll:\/\/|\/$/g, '')
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 100)
  const all = agents.all()
  if (base === '' || !all.has(base)) return base
  for (let i = 2; ; i++) if (!all.has(`${base}-${i}`)) return `${base}-${i}`
}

function suggested(text: string): string[] {
  const found: string[] = []
  for (const { id } of agents.all().values()) {
    if (found.length >= mostSuggested) break
    if (id.toLowerCase().includes(text.toLowerCase())) found.push(id)
  }
  return found
}
