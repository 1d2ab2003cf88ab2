import { agents, connection, connectNow, hasToken } from '../gateway-state.ts'

/** Name, agents in each state, and how the connection is. */
export function Header() {
  const list = [...(agents.value?.values() ?? [])]
  const up = list.filter(agent => agent.state === 'connected').length
  return (
    <header class="top">
      <img src="./icon.svg" alt="" width="30" height="30" />
      <span class="brand">Halibut Gateway</span>
      {list.length > 0 && connection.value.at === 'connected' && (
        <span class="count" aria-live="polite">
          {up} of {list.length} agents connected
        </span>
      )}
      <span class="spacer" />
      <ConnectionChip />
    </header>
  )
}

function ConnectionChip() {
  const state = connection.value
  if (!hasToken.value) return <span class="chip bad">No token</span>
  switch (state.at) {
    case 'connected':
      return (
        <span class="chip good" title={`Session ${state.welcome.session}, ${state.welcome.principal.role}`}>
          <i class="dot" /> Connected
        </span>
      )
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
        <>
          <span class="chip bad">
            <i class="dot" /> Disconnected
          </span>
          <button type="button" class="small" onClick={connectNow}>
            Reconnect
          </button>
        </>
      )
  }
}
