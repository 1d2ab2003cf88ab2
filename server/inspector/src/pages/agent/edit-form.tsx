import type { AgentSnapshot } from '@halibut-gateway/schemas'
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { ProblemBox } from '../../elements/problem-box.tsx'
import { useAction } from '../../elements/use-action.ts'
import { ServiceChoice } from '../../groups/service-choice.tsx'
import { session } from '../../page.ts'
import { type AgentForm, changesIn, formOf, formProblems, limitFields } from '../../values/agent-changes.ts'

/** What is said about an agent: name, address, tags, services, limits. What somebody else changes meanwhile is not overwritten unseen. */
export function EditForm({ agent }: { agent: AgentSnapshot }) {
  /** The agent as it was when the person began. */
  const before = useSignal(agent)
  const form = useSignal(formOf(agent))
  const isSaved = useSignal(false)
  /** Somebody else has changed the agent since. */
  const isOther = useSignal(false)
  const action = useAction()
  const problems = formProblems(form.value, agent.mode)
  const changes = problems.size === 0 ? changesIn(form.value, before.value) : undefined
  const isTouched = changes !== undefined || problems.size > 0
  const begin = (from: AgentSnapshot): void => {
    before.value = from
    form.value = formOf(from)
    isOther.value = false
  }
  useEffect(() => {
    if (agent.version === before.peek().version) return
    // What nobody has begun to change follows what is so.
    if (isTouched) isOther.value = true
    else begin(agent)
  }, [agent.version])
  const set = (part: Partial<AgentForm>): void => {
    isSaved.value = false
    form.value = { ...form.value, ...part }
  }
  const save = (): Promise<boolean> =>
    action.run(async () => {
      if (!changes) return
      const { id, version } = before.value
      const { agent: saved } = await session.request('agents.update', { agent: id, version, ...changes })
      begin(saved)
      isSaved.value = true
    })
  const field = (name: 'name' | 'uri' | 'tags', label: string, note: string) => (
    <Field
      id={`change-${name}`}
      label={label}
      note={note}
      value={form.value[name]}
      problem={problems.get(name)}
      onInput={text => set({ [name]: text })}
    />
  )
  return (
    <form
      class="panel edit-form"
      aria-label="Change"
      onSubmit={event => {
        event.preventDefault()
        void save()
      }}
    >
      <h2>Change</h2>
      {field('name', 'Name, for people', `Programs name it ${agent.id}, which stays.`)}
      {field(
        'uri',
        agent.mode === 'polling' ? 'Polls as' : 'Listens at',
        'At another address its certificate is asked for anew, and its connections end.',
      )}
      {field('tags', 'Tags', 'Separated by spaces. Lists, rules and calls to many agents go by them.')}
      <ServiceChoice chosen={form.value.services} onChange={services => set({ services })} />
      <fieldset>
        <legend>Limits of its own</legend>
        <div class="pair">
          {limitFields[agent.mode].map(({ name, label, note }) => (
            <Field
              key={name}
              id={`limit-${name}`}
              label={label}
              note={`${note} Empty: as for other agents.`}
              value={form.value.limits[name] ?? ''}
              problem={problems.get(name)}
              onInput={text => set({ limits: { ...form.value.limits, [name]: text } })}
            />
          ))}
        </div>
      </fieldset>
      {isOther.value && (
        <div class="problem-box" role="alert">
          <p class="message">Somebody has changed this agent since you began.</p>
          <p>What you have written is not saved. Take what is there now, and change it again.</p>
          <button type="button" class="small" onClick={() => begin(agent)}>
            Take what is there now
          </button>
        </div>
      )}
      {action.problem.value !== undefined && <ProblemBox error={action.problem.value} />}
      <div class="row wrap">
        <button type="submit" class="primary" disabled={action.isBusy.value || !changes || isOther.value}>
          Save
        </button>
        <button type="button" disabled={!isTouched} onClick={() => begin(agent)}>
          Undo
        </button>
        <span role="status" class="quiet">
          {isSaved.value && !isTouched ? '✓ Saved' : isTouched ? 'Not saved yet' : ''}
        </span>
      </div>
    </form>
  )
}

function Field(props: {
  id: string
  label: string
  note: string
  value: string
  problem: string | undefined
  onInput: (text: string) => void
}) {
  const { id, label, note, value, problem, onInput } = props
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="text"
        autocomplete="off"
        spellcheck={false}
        value={value}
        aria-invalid={problem !== undefined}
        aria-describedby={`${id}-note`}
        onInput={event => onInput(event.currentTarget.value)}
      />
      <p id={`${id}-note`} class={problem === undefined ? 'hint' : 'problem'}>
        {problem ?? note}
      </p>
    </div>
  )
}
