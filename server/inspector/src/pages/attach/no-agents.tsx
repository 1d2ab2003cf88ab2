import { useSignal } from '@preact/signals'
import { AttachAgent } from './attach-agent.tsx'

const modes = ['listening', 'polling'] as const

/** The page of a gateway that has no agents yet: how to attach the first one. */
export function NoAgents({ count, onDone }: { count: number; onDone: () => void }) {
  const mode = useSignal<(typeof modes)[number]>('listening')
  return (
    <main class="attach-page" id="main" tabIndex={-1}>
      <div class="row wrap">
        <h1>{count === 0 ? 'No agents yet' : 'The first agent'}</h1>
        <span class="spacer" />
        {count > 0 && (
          <button type="button" onClick={onDone}>
            See all agents
          </button>
        )}
      </div>
      <p class="lead">An agent and this gateway find each other in one of two ways. This page notices by itself when the agent is there.</p>
      <fieldset class="two-ways" aria-label="Who connects">
        {modes.map(each => (
          <button
            type="button"
            key={each}
            class="panel"
            aria-pressed={mode.value === each}
            onClick={() => {
              mode.value = each
            }}
          >
            <b>{each === 'listening' ? 'The gateway connects to it' : 'It connects to the gateway'}</b>
            <span class="quiet">
              {each === 'listening'
                ? 'The agent listens at a port that the gateway can reach.'
                : 'The agent polls: good for machines behind a firewall.'}
            </span>
          </button>
        ))}
      </fieldset>
      <AttachAgent mode={mode.value} />
    </main>
  )
}
