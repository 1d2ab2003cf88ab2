import type { Rule } from '@halibut-gateway/schemas'
import { isRole } from '@halibut-gateway/schemas/wire'
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { TextField } from '../../../elements/text-field.tsx'
import { patternsIn } from '../../../values/scope-words.ts'

interface RuleFormProps {
  /** The one that is changed; absent: a new one. */
  readonly rule: Rule | undefined
  /** Names that others have. */
  readonly taken: readonly string[]
  onSave(rule: Rule): void
  onClose(): void
}

/** One rule. Lists are typed with commas between. */
export function RuleForm({ rule, taken, onSave, onClose }: RuleFormProps) {
  const listed = (patterns: readonly string[] | undefined): string => (patterns ?? []).join(', ')
  const name = useSignal(rule?.name ?? '')
  const who = useSignal(listed(rule?.who))
  const agents = useSignal(listed(rule?.agents))
  const services = useSignal(listed(rule?.services))
  const methods = useSignal(listed(rule?.methods))
  const reason = useSignal(rule?.reason ?? '')
  const seesOnly = useSignal(rule?.services?.length === 0)
  const first = useRef<HTMLInputElement>(null)
  useEffect(() => first.current?.focus(), [])
  const isTaken = taken.includes(name.value.trim())
  const badRole = patternsIn(who.value).find(each => each.startsWith('role:') && !isRole(each.slice(5)))
  const isWhole = name.value.trim() !== '' && patternsIn(who.value).length > 0 && patternsIn(agents.value).length > 0
  const save = (): void => {
    const [what, which] = [patternsIn(services.value), patternsIn(methods.value)]
    onSave({
      name: name.value.trim(),
      who: patternsIn(who.value),
      agents: patternsIn(agents.value),
      ...(seesOnly.value ? { services: [] } : what.length > 0 && { services: what }),
      ...(!seesOnly.value && which.length > 0 && { methods: which }),
      ...(reason.value.trim() !== '' && { reason: reason.value.trim() }),
    })
  }
  return (
    <form
      class="rule-form"
      aria-label={rule ? `Edit ${rule.name}` : 'Add a rule'}
      onSubmit={event => {
        event.preventDefault()
        save()
      }}
    >
      <div class="pair">
        <TextField label="Name" id="rule-name" text={name} ref={first} maxLength={100} required aria-invalid={isTaken}>
          {isTaken && <p class="problem">Another rule has this name.</p>}
        </TextField>
        <TextField label="Why, for whoever reads it" id="rule-reason" text={reason} maxLength={200} />
      </div>
      <div class="pair">
        <TextField
          label="Who: sign-ins, or role:operator"
          id="rule-who"
          text={who}
          class="mono"
          placeholder="deploy, role:operator"
          required
        >
          {badRole !== undefined && <p class="problem">{badRole}: there are viewer, operator and admin.</p>}
        </TextField>
        <TextField label="Agents: ids, or tag:site=north" id="rule-agents" text={agents} class="mono" placeholder="web-*" required />
      </div>
      <label class="check">
        <input
          type="checkbox"
          checked={seesOnly.value}
          onChange={event => {
            seesOnly.value = event.currentTarget.checked
          }}
        />{' '}
        They may only see the agents, and call nothing
      </label>
      {!seesOnly.value && (
        <div class="pair">
          <TextField label="Services" id="rule-services" text={services} class="mono" placeholder="all" />
          <TextField label="Methods, without signatures" id="rule-methods" text={methods} class="mono" placeholder="all" />
        </div>
      )}
      <p class="hint">
        Lists have commas between; <code>*</code> stands for any characters.
      </p>
      <div class="row wrap">
        <button type="submit" class="primary" disabled={!isWhole || isTaken || badRole !== undefined}>
          {rule ? 'Take it into the draft' : 'Add it to the draft'}
        </button>
        <button type="button" onClick={onClose}>
          Not now
        </button>
      </div>
    </form>
  )
}
