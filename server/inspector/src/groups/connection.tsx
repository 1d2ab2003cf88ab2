import type { ClientState } from '@halibut-gateway/client'
import { agents, session } from '../page.ts'
import { now } from '../state/clock.ts'
import { connectionWords } from '../values/connection-words.ts'

/** How the connection is, in a word. */
export function ConnectionChip() {
  const state = session.connection.value
  if (!session.client.value) return <span class="chip bad">Not signed in</span>
  switch (state.at) {
    case 'connected': {
      const { name, role } = state.welcome.principal
      return (
        <span class="chip good" title={`Session ${state.welcome.session} of ${name}`}>
          <i class="dot" />
          <span class="words">
            Connected<span class="role"> as {role}</span>
          </span>
        </span>
      )
    }
    case 'idle':
    case 'connecting':
      return (
        <span class="chip wait">
          <i class="dot" /> Connecting
        </span>
      )
    case 'waiting':
    case 'failed':
    case 'closed':
      return (
        <span class="chip bad">
          <i class="dot" /> Disconnected
        </span>
      )
  }
}

/** Above a page that is shown while there is no connection: what is wrong, and what is being done about it. */
export function ConnectionBanner() {
  const state = session.connection.value
  if (!session.client.value || !agents.known.value || state.at === 'connected') return null
  const { title, text } = connectionWords(state, now.value, navigator.onLine)
  return (
    <div class="banner" role="status">
      <span>
        <strong>{title}:</strong> {text} What you see is how things were before that.
      </span>
      {canTry(state) && (
        <button type="button" class="small" onClick={() => session.connectNow()}>
          Try now
        </button>
      )}
    </div>
  )
}

function canTry(state: ClientState): boolean {
  return state.at === 'waiting' || state.at === 'failed'
}
