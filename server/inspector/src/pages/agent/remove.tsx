import type { AgentSnapshot } from '@halibut-gateway/schemas'
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { ProblemBox } from '../../elements/problem-box.tsx'
import { useAction } from '../../elements/use-action.ts'
import { useFocusAfter } from '../../elements/use-focus-after.ts'
import { listView, router, session } from '../../page.ts'
import { counted } from '../../values/format.ts'

/** Forgets an agent, after it was said what goes with it. */
export function Remove({ agent }: { agent: AgentSnapshot }) {
  const asks = useSignal(false)
  const button = useFocusAfter<HTMLButtonElement>(asks.value)
  return (
    <section class="panel remove" aria-label="Remove">
      <h2>Remove</h2>
      {asks.value ? (
        <Sure
          agent={agent}
          onKeep={() => {
            asks.value = false
          }}
        />
      ) : (
        <>
          <p class="hint">The gateway forgets it. To let it rest for a while, disable it.</p>
          <div class="row">
            <button
              type="button"
              ref={button}
              class="danger"
              onClick={() => {
                asks.value = true
              }}
            >
              Remove…
            </button>
          </div>
        </>
      )}
    </section>
  )
}

function Sure({ agent, onKeep }: { agent: AgentSnapshot; onKeep: () => void }) {
  const action = useAction()
  const own = useSignal<readonly string[] | undefined>(undefined)
  const waiting = useSignal<number | undefined>(undefined)
  const keep = useRef<HTMLButtonElement>(null)
  const { id, name, version, tags, connections } = agent
  useEffect(() => {
    keep.current?.focus()
    // What goes is named where the gateway tells of it; without it the rest is.
    void session.request('contracts.list', { agent: id }).then(
      ({ contracts }) => {
        own.value = contracts.filter(each => each.agent === id).map(({ service }) => service)
      },
      () => undefined,
    )
    void session.request('calls.list', { agent: id }).then(
      ({ calls }) => {
        waiting.value = calls.length
      },
      () => undefined,
    )
  }, [id])
  const remove = async (): Promise<void> => {
    await session.request('agents.remove', { agent: id, version })
    router.go({ page: 'agents', list: listView.peek() })
  }
  const going = [
    `its registration as ${id}${tags.length === 0 ? '' : `, with the ${tags.length === 1 ? 'tag' : 'tags'} ${tags.join(', ')}`}`,
    ...(connections > 0 ? [`its ${counted(connections, 'connection')}`] : []),
    ...(own.value && own.value.length > 0 ? [`its own ${own.value.length === 1 ? 'contract' : 'contracts'}: ${own.value.join(', ')}`] : []),
    ...(waiting.value
      ? [`${counted(waiting.value, 'call')} that ${waiting.value === 1 ? 'waits or runs' : 'wait or run'}, without an answer`]
      : []),
    'the history of its states and calls',
  ]
  return (
    <>
      <p>
        <b>This goes, and does not come back:</b>
      </p>
      <ul class="bullets" aria-label="What goes">
        {going.map(each => (
          <li key={each}>{each}</li>
        ))}
      </ul>
      <p class="hint">
        What stands in the audit log stays there.{' '}
        {agent.mode === 'polling' && 'Its machine goes on knocking, and waits for a decision then, until its service is stopped.'}
      </p>
      {action.problem.value !== undefined && <ProblemBox error={action.problem.value} />}
      <div class="row wrap">
        <button type="button" class="danger" disabled={action.isBusy.value} onClick={() => void action.run(remove)}>
          Remove {name} for good
        </button>
        <button type="button" ref={keep} onClick={onKeep}>
          Keep it
        </button>
      </div>
    </>
  )
}
