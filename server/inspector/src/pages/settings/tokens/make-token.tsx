import type { MethodParams, MethodResult } from '@halibut-gateway/schemas'
import { type Role, roles } from '@halibut-gateway/schemas/wire'
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { CopyButton } from '../../../elements/copy-button.tsx'
import { ProblemBox } from '../../../elements/problem-box.tsx'
import { TextField } from '../../../elements/text-field.tsx'
import { useAction } from '../../../elements/use-action.ts'
import { useFocusAfter } from '../../../elements/use-focus-after.ts'
import { session } from '../../../page.ts'
import { now } from '../../../state/clock.ts'
import { dayOf } from '../../../values/moments.ts'
import { patternsIn } from '../../../values/scope-words.ts'
import { tokens } from '../settings-stores.ts'

type Made = MethodResult<'tokens.create'>

const roleWords: Readonly<Record<Role, string>> = {
  viewer: 'sees agents and their states',
  operator: 'also calls agents, and sees trust',
  admin: 'may do everything',
}
const dayMs = 86_400_000
const terms = [
  ['a week', 7],
  ['a month', 30],
  ['90 days', 90],
  ['a year', 365],
  ['for ever', undefined],
] as const
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** Makes a token, and tells it this once. `taken`: names of those that are valid. */
export function MakeToken({ taken }: { taken: readonly string[] }) {
  const isOpen = useSignal(false)
  const made = useSignal<Made | undefined>(undefined)
  const button = useFocusAfter<HTMLButtonElement>(isOpen.value || made.value !== undefined)
  if (made.value) {
    return (
      <Told
        made={made.value}
        onDone={() => {
          made.value = undefined
        }}
      />
    )
  }
  if (!isOpen.value) {
    return (
      <div class="row">
        <button
          type="button"
          ref={button}
          class="primary"
          onClick={() => {
            isOpen.value = true
          }}
        >
          Make a token…
        </button>
      </div>
    )
  }
  return (
    <TokenForm
      taken={taken}
      onClose={token => {
        isOpen.value = false
        made.value = token
      }}
    />
  )
}

function TokenForm({ taken, onClose }: { taken: readonly string[]; onClose: (made?: Made) => void }) {
  const name = useSignal('')
  const role = useSignal<Role>('operator')
  const term = useSignal<(typeof terms)[number]>(terms[2])
  const agents = useSignal('')
  const services = useSignal('')
  const methods = useSignal('')
  const action = useAction()
  const first = useRef<HTMLInputElement>(null)
  useEffect(() => first.current?.focus(), [])
  const isTaken = taken.includes(name.value)
  const isBad = name.value !== '' && !namePattern.test(name.value)
  const [, days] = term.value
  const expires = days === undefined ? undefined : new Date(now.value + days * dayMs).toISOString()
  const scope = scopeOf(agents.value, services.value, methods.value)
  const submit = async (): Promise<void> => {
    const params: MethodParams<'tokens.create'> = {
      name: name.value,
      role: role.value,
      ...(expires !== undefined && { expires }),
      ...(scope && { scope: [scope] }),
    }
    let made: Made | undefined
    const isMade = await action.run(async () => {
      made = await session.request('tokens.create', params)
      void tokens.refresh()
    })
    if (isMade) onClose(made)
  }
  return (
    <form
      class="panel make-token"
      aria-label="Make a token"
      onSubmit={event => {
        event.preventDefault()
        void submit()
      }}
    >
      <h2>Make a token</h2>
      <TextField
        label="Name, by which rules and the audit log know it"
        id="token-name"
        text={name}
        ref={first}
        required
        maxLength={64}
        placeholder="deploy"
        aria-invalid={isBad || isTaken}
        aria-describedby="token-name-note"
      >
        <p class={isBad || isTaken ? 'problem' : 'hint'} id="token-name-note">
          {isTaken
            ? 'A valid token has this name already.'
            : isBad
              ? 'Letters, digits, dot, dash and underscore; the first a letter or digit.'
              : ''}
        </p>
      </TextField>
      <fieldset class="roles">
        <legend>Role</legend>
        {roles.map(each => (
          <label key={each} class="check">
            <input
              type="radio"
              name="token-role"
              checked={role.value === each}
              onChange={() => {
                role.value = each
              }}
            />{' '}
            <b>{each}</b> <span class="quiet">{roleWords[each]}</span>
          </label>
        ))}
      </fieldset>
      <fieldset class="choices" aria-label="Good for">
        {terms.map(each => (
          <button
            type="button"
            key={each[0]}
            class="small"
            aria-pressed={each === term.value}
            onClick={() => {
              term.value = each
            }}
          >
            {each[0]}
          </button>
        ))}
        <span class="quiet until">{expires === undefined ? 'until it is revoked' : `until ${dayOf(expires)}`}</span>
      </fieldset>
      {role.value !== 'admin' && (
        <details>
          <summary>For less than its role: only some agents, services or methods</summary>
          <div class="audit-like">
            <TextField
              label="Agents: ids or tag:…, with commas"
              id="token-agents"
              text={agents}
              class="mono"
              placeholder="web-*, tag:site=north"
            />
            <TextField label="Services" id="token-services" text={services} class="mono" placeholder="all" />
            <TextField label="Methods" id="token-methods" text={methods} class="mono" placeholder="all" />
          </div>
          <p class="hint">
            <code>*</code> stands for any characters. What is left empty is not limited.
          </p>
        </details>
      )}
      {action.problem.value !== undefined && <ProblemBox error={action.problem.value} />}
      <div class="row wrap">
        <button type="submit" class="primary" disabled={action.isBusy.value || !namePattern.test(name.value) || isTaken}>
          Make {name.value || 'it'}
        </button>
        <button type="button" onClick={() => onClose()}>
          Not now
        </button>
      </div>
    </form>
  )
}

/** The token itself, this once. */
function Told({ made, onDone }: { made: Made; onDone: () => void }) {
  const box = useRef<HTMLElement>(null)
  useEffect(() => box.current?.focus(), [])
  return (
    <section class="panel told" aria-label="The new token" ref={box} tabIndex={-1} data-made={made.token.name}>
      <h2>{made.token.name} is made</h2>
      <p>
        <b>Copy it now: it is told this once.</b> The gateway keeps only a digest of it.
      </p>
      <p class="secret">
        <code>{made.secret}</code>
        <CopyButton text={made.secret} what="the token" label="Copy" />
      </p>
      <div class="row">
        <button type="button" class="primary" onClick={onDone}>
          I have kept it
        </button>
      </div>
    </section>
  )
}

function scopeOf(agents: string, services: string, methods: string) {
  const [where, what, which] = [patternsIn(agents), patternsIn(services), patternsIn(methods)]
  if (where.length + what.length + which.length === 0) return undefined
  return {
    agents: where.length === 0 ? ['*'] : where,
    ...(what.length > 0 && { services: what }),
    ...(which.length > 0 && { methods: which }),
  }
}
