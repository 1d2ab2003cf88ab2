import type { AgentSnapshot } from '@halibut-gateway/schemas'
import { type Signal, useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { mostSelected } from '../../address/route.ts'
import { AgentLink } from '../../elements/agent-link.tsx'
import { TextField } from '../../elements/text-field.tsx'
import { useFocusAfter } from '../../elements/use-focus-after.ts'
import { selection, session, table } from '../../page.ts'
import { actOnAgents, type BulkAction, type BulkProgress, problemOfTag } from '../../state/bulk.ts'
import { counted } from '../../values/format.ts'

type Verb = BulkAction['do']

const verbs: Readonly<Record<Verb, string>> = { enable: 'Enable', disable: 'Disable', tag: 'Add a tag', untag: 'Take a tag away' }
const namedAtOnce = 12

/** What becomes of agents that are being asked about; they are those that were selected when it began. */
type Asked =
  | { readonly at: 'nothing' }
  | { readonly at: 'asking'; readonly verb: Verb; readonly agents: readonly AgentSnapshot[] }
  | { readonly at: 'acting'; readonly verb: Verb; readonly progress: BulkProgress; readonly stop: AbortController }
  | { readonly at: 'done'; readonly verb: Verb; readonly progress: BulkProgress }

/** What can be done with the selected agents. It asks before it does. */
export function SelectionBar() {
  const asked = useSignal<Asked>({ at: 'nothing' })
  const agents = selection.agents.value
  const hidden = selection.hidden.value
  const state = asked.value
  const bar = useFocusAfter<HTMLElement>(state.at)
  if (agents.length + hidden === 0 && state.at === 'nothing') return null
  const rest = (): void => {
    asked.value = { at: 'nothing' }
  }
  return (
    <section class="selection panel" aria-label="Selected agents" ref={bar} tabIndex={-1}>
      {state.at === 'nothing' && (
        <div class="row wrap">
          <b role="status">{counted(agents.length, 'agent')} selected</b>
          {hidden > 0 && <span class="quiet">{hidden.toLocaleString('en')} more are not in the list</span>}
          {!selection.isAll.value && agents.length >= mostSelected && (
            <span class="quiet">That is as many as can be selected one by one; select all that a filter shows instead.</span>
          )}
          {(Object.keys(verbs) as Verb[]).map(verb => (
            <button
              type="button"
              class="small"
              key={verb}
              disabled={agents.length === 0}
              onClick={() => {
                asked.value = { at: 'asking', verb, agents }
              }}
            >
              {verbs[verb]}…
            </button>
          ))}
          <button type="button" class="small quiet-button" onClick={() => selection.none()}>
            Select none
          </button>
        </div>
      )}
      {state.at === 'asking' && <Question verb={state.verb} agents={state.agents} asked={asked} onKeep={rest} />}
      {state.at === 'acting' && (
        <div class="row wrap" role="status">
          <span class="spinner small" aria-hidden="true" />
          {verbs[state.verb]}: {progressText(state.progress)}
          <button type="button" class="small" onClick={() => state.stop.abort()}>
            Stop here
          </button>
        </div>
      )}
      {state.at === 'done' && <Outcome verb={state.verb} progress={state.progress} onDone={rest} />}
    </section>
  )
}

function Question(props: { verb: Verb; agents: readonly AgentSnapshot[]; asked: Signal<Asked>; onKeep: () => void }) {
  const { verb, agents, asked } = props
  const text = useSignal('')
  const problem = useSignal<string | undefined>(undefined)
  const first = useRef<HTMLFormElement>(null)
  useEffect(() => first.current?.querySelector<HTMLElement>('input, button')?.focus(), [])
  const isTag = verb === 'tag' || verb === 'untag'

  const begin = async (): Promise<void> => {
    problem.value = isTag ? problemOfTag(text.value.trim()) : undefined
    if (problem.value !== undefined) return
    const action: BulkAction =
      verb === 'enable' ? { do: verb } : verb === 'disable' ? { do: verb, reason: text.value } : { do: verb, tag: text.value.trim() }
    const stop = new AbortController()
    const tell = (progress: BulkProgress): void => {
      asked.value = { at: 'acting', verb, progress, stop }
    }
    tell({ total: agents.length, done: 0, unchanged: 0, failed: [] })
    const progress = await actOnAgents(session.request, action, agents, { signal: stop.signal, tell })
    asked.value = { at: 'done', verb, progress }
  }

  const count = counted(agents.length, 'agent')
  return (
    <form
      ref={first}
      class="question"
      onSubmit={event => {
        event.preventDefault()
        void begin()
      }}
      onKeyDown={event => {
        if (event.key === 'Escape') props.onKeep()
      }}
    >
      <p>
        <b>{sentences[verb](count)}</b> <span class="quiet">{namesOf(agents)}</span>
      </p>
      {verb === 'disable' && <TextField label="Why (people see it; may be empty)" id="bulk-text" text={text} maxLength={200} />}
      {isTag && (
        <TextField label="Tag" id="bulk-text" text={text} list="bulk-tags" spellcheck={false} aria-invalid={problem.value !== undefined}>
          <datalist id="bulk-tags">
            {table.tags.value.map(tag => (
              <option key={tag} value={tag} />
            ))}
          </datalist>
          {problem.value !== undefined && (
            <p class="problem" role="alert">
              {problem.value}
            </p>
          )}
        </TextField>
      )}
      <div class="row">
        <button type="submit" class={verb === 'disable' ? 'small danger' : 'small primary'}>
          {verbs[verb]}: {count}
        </button>
        <button type="button" class="small" onClick={props.onKeep}>
          Leave them as they are
        </button>
      </div>
    </form>
  )
}

const sentences: Readonly<Record<Verb, (count: string) => string>> = {
  enable: count => `Enable ${count}? They take calls again once they are there.`,
  disable: count => `Disable ${count}? Their connections end, calls to them fail, and nobody can call them until they are enabled.`,
  tag: count => `Add a tag to ${count}? Rules and filters that name the tag count for them from then on.`,
  untag: count => `Take a tag away from ${count}? Rules and filters that name the tag do not count for them any more.`,
}

function Outcome({ verb, progress, onDone }: { verb: Verb; progress: BulkProgress; onDone: () => void }) {
  const { failed } = progress
  return (
    <>
      <div class="row wrap" role="status">
        <b>{verbs[verb]}:</b> {progressText(progress)}
        <button type="button" class="small" onClick={onDone}>
          Done
        </button>
      </div>
      {failed.length > 0 && (
        <ul class="failed-agents" aria-label="Agents where it failed">
          {failed.slice(0, namedAtOnce).map(({ agent, why }) => (
            <li key={agent}>
              <AgentLink id={agent}>{agent}</AgentLink>: {why instanceof Error ? why.message : String(why)}
            </li>
          ))}
          {failed.length > namedAtOnce && <li>and {(failed.length - namedAtOnce).toLocaleString('en')} more</li>}
        </ul>
      )}
    </>
  )
}

function progressText({ total, done, unchanged, failed }: BulkProgress): string {
  const open = total - done - unchanged - failed.length
  return [
    `${done.toLocaleString('en')} of ${counted(total, 'agent')} done`,
    unchanged > 0 && `${unchanged.toLocaleString('en')} were so already`,
    failed.length > 0 && `${failed.length.toLocaleString('en')} failed`,
    open > 0 && `${open.toLocaleString('en')} not touched`,
  ]
    .filter(each => each !== false)
    .join(', ')
}

function namesOf(agents: readonly AgentSnapshot[]): string {
  const more = agents.length - namedAtOnce
  const names = agents.slice(0, namedAtOnce).map(({ name }) => name)
  return `${names.join(', ')}${more > 0 ? ` and ${more.toLocaleString('en')} more` : ''}`
}
