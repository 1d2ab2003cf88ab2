import { agents, connection, hasToken } from '../gateway-state.ts'
import { AgentList } from './agent-list.tsx'
import { Answer } from './answer.tsx'
import { CallForm } from './call-form.tsx'
import { Header } from './header.tsx'
import { History } from './history.tsx'
import { Notice } from './notice.tsx'

/** The whole page. */
export function App() {
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById('call')?.focus()}>
        Skip to the call form
      </button>
      <Header />
      <ConnectionNotice />
      <Content />
    </>
  )
}

function ConnectionNotice() {
  const state = connection.value
  if (!hasToken.value || agents.value === undefined || state.at === 'connected') return null
  const why = state.at === 'waiting' || state.at === 'failed' ? state.why.message : 'connecting again'
  return (
    <div class="banner" role="status">
      <strong>Not connected:</strong> {why}. What you see is how things were before that.
    </div>
  )
}

function Content() {
  const state = connection.value
  if (!hasToken.value) {
    return (
      <Notice title="This page needs its token">
        Open the address that the gateway printed when it started. It ends in <code>#token=…</code>
      </Notice>
    )
  }
  if (agents.value === undefined) {
    if (state.at === 'failed' || state.at === 'waiting') {
      return (
        <Notice title="The gateway does not answer" reconnect>
          {state.why.message}.{state.why.kind === 'connection_lost' ? '' : ` To go on, ${state.why.advice}.`}
        </Notice>
      )
    }
    return <Notice title="Connecting to the gateway" busy />
  }
  if (agents.value.size === 0) {
    return <Notice title="No agents yet">Name them in the gateway’s settings file, or start it with its demo agents.</Notice>
  }
  return (
    <main class={state.at === 'connected' ? 'columns' : 'columns stale'}>
      <AgentList />
      <div class="work">
        <CallForm />
        <Answer />
        <History />
      </div>
    </main>
  )
}
