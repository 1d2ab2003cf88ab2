import { wholeAudit } from '../address/route.ts'
import { Link } from '../elements/link.tsx'
import { listView, router, session, table, trust } from '../page.ts'
import { counted } from '../values/format.ts'

/** Name, ways to the pages, and how the connection is. */
export function Header() {
  const isSignedIn = session.client.value !== undefined
  return (
    <header class="top">
      <span class="brand">
        <img src="./icon.svg" alt="" width="28" height="28" />
        <span>Halibut Gateway</span>
      </span>
      {isSignedIn && <Ways />}
      <span class="spacer" />
      <ConnectionChip />
      {isSignedIn && (
        <button type="button" class="small quiet-button" onClick={() => session.signOut()}>
          Sign out
        </button>
      )}
    </header>
  )
}

function Ways() {
  const { page } = router.route.value
  const waiting = trust.waiting().length
  const { untrusted, offline } = table.counts.value
  const down = untrusted + offline
  return (
    <nav class="ways" aria-label="Pages">
      <Link to={{ page: 'overview' }} current={page === 'overview'}>
        Overview
      </Link>
      <Link to={{ page: 'agents', list: listView.value }} current={page === 'agents' || page === 'agent'}>
        Agents
        {down > 0 && (
          <span class="mark bad" title={`${counted(down, 'agent')} offline or untrusted`}>
            {down.toLocaleString('en')}
            <span class="off-screen"> offline or untrusted</span>
          </span>
        )}
      </Link>
      <Link to={{ page: 'saved', collection: undefined, call: undefined, link: undefined }} current={page === 'saved'}>
        Saved
      </Link>
      <Link to={{ page: 'trust', pending: undefined }} current={page === 'trust' || page === 'certificates' || page === 'rotation'}>
        Trust
        {waiting > 0 && (
          <span class="mark wait" title={`${counted(waiting, 'machine')} waiting for a decision`}>
            {waiting.toLocaleString('en')}
            <span class="off-screen"> waiting for a decision</span>
          </span>
        )}
      </Link>
      {session.may('audit.read') && (
        <Link to={{ page: 'audit', query: wholeAudit, entry: undefined }} current={page === 'audit'}>
          Audit
        </Link>
      )}
      <Link to={{ page: 'settings', part: session.may('tokens.read') ? 'tokens' : 'contracts', args: {} }} current={page === 'settings'}>
        Settings
      </Link>
      <Link to={{ page: 'attach', mode: 'listening' }} current={page === 'attach'}>
        Add<span class="more"> an agent</span>
      </Link>
    </nav>
  )
}

function ConnectionChip() {
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
        <>
          <span class="chip bad">
            <i class="dot" /> Disconnected
          </span>
          <button type="button" class="small" onClick={() => session.connectNow()}>
            Reconnect
          </button>
        </>
      )
  }
}
