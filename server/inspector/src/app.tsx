import { useEffect } from 'preact/hooks'
import type { Route } from './address/route.ts'
import { lazily } from './elements/lazily.tsx'
import { Notice } from './elements/notice.tsx'
import { ProblemBox } from './elements/problem-box.tsx'
import { Header } from './groups/header.tsx'
import { agents, router, session } from './page.ts'
import { AgentPage } from './pages/agent/agent-page.tsx'
import { AgentsPage } from './pages/agents/agents-page.tsx'
import { AttachPage } from './pages/attach/attach-page.tsx'
import { OverviewPage } from './pages/overview/overview-page.tsx'
import { SignInPage } from './pages/sign-in/sign-in-page.tsx'
import { TrustPage } from './pages/trust/trust-page.tsx'

// What few need at first comes when it is looked at.
const SavedPage = lazily(async () => (await import('./pages/saved/saved-page.tsx')).SavedPage, 'Opening saved calls')
const ManyPage = lazily(async () => (await import('./pages/many/many-page.tsx')).ManyPage, 'Opening the page')
const AuditPage = lazily(async () => (await import('./pages/audit/audit-page.tsx')).AuditPage, 'Opening the audit log')
const CertificatesPage = lazily(
  async () => (await import('./pages/certificates/certificates-page.tsx')).CertificatesPage,
  'Opening certificates',
)
const RotationPage = lazily(async () => (await import('./pages/rotation/rotation-page.tsx')).RotationPage, 'Opening certificates')
const SettingsPage = lazily(async () => (await import('./pages/settings/settings-page.tsx')).SettingsPage, 'Opening the settings')

/** The whole page. */
export function App() {
  useTitle()
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById('main')?.focus()}>
        Skip to the content
      </button>
      <Header />
      <ConnectionNotice />
      <Content />
    </>
  )
}

function ConnectionNotice() {
  const state = session.connection.value
  if (!session.client.value || !agents.known.value || state.at === 'connected') return null
  const why = state.at === 'waiting' || state.at === 'failed' ? state.why.message : 'connecting again'
  return (
    <div class="banner" role="status">
      <strong>Not connected:</strong> {why}. What you see is how things were before that.
    </div>
  )
}

function Content() {
  const state = session.connection.value
  if (!session.client.value) return <SignInPage />
  if (!agents.known.value) {
    if (state.at === 'failed' || state.at === 'waiting') {
      const title = state.why.kind === 'forbidden' ? 'The gateway does not let this page in' : 'The gateway does not answer'
      return (
        <Notice title={title}>
          <p>
            {state.why.message}.{state.why.kind === 'connection_lost' ? '' : ` To go on, ${state.why.advice}.`}
          </p>
          <button type="button" class="primary" onClick={() => session.connectNow()}>
            Try again now
          </button>
        </Notice>
      )
    }
    if (agents.problem.value !== undefined) {
      return (
        <Notice title="The gateway does not tell of its agents">
          <ProblemBox error={agents.problem.value} />
        </Notice>
      )
    }
    return <Notice title="Connecting to the gateway" busy />
  }
  const route = router.route.value
  switch (route.page) {
    case 'overview':
      return <OverviewPage />
    case 'agents':
      return <AgentsPage />
    case 'agent':
      return <AgentPage route={route} />
    case 'attach':
      return <AttachPage mode={route.mode} />
    case 'trust':
      return <TrustPage focus={route.pending} />
    case 'saved':
      return <SavedPage place={route} />
    case 'many':
      return <ManyPage place={route} />
    case 'certificates':
      return <CertificatesPage view={route.view} />
    case 'rotation':
      return <RotationPage agent={route.agent} />
    case 'audit':
      return <AuditPage query={route.query} entry={route.entry} />
    case 'settings':
      return <SettingsPage part={route.part} args={route.args} />
  }
}

/** The title of the tab says where one is. */
function useTitle(): void {
  const route = router.route.value
  const name = titleOf(route)
  useEffect(() => {
    document.title = `${name} · Halibut Gateway`
  }, [name])
}

const titles: Readonly<Record<Exclude<Route['page'], 'agent'>, string>> = {
  overview: 'Overview',
  agents: 'Agents',
  attach: 'Add an agent',
  trust: 'Trust',
  saved: 'Saved calls',
  many: 'Call many agents',
  certificates: 'Certificates',
  rotation: 'Replace a certificate',
  audit: 'Audit',
  settings: 'Settings',
}

function titleOf(route: Route): string {
  if (route.page === 'agent') return route.agent
  return route.page === 'audit' && route.entry !== undefined ? `Audit entry ${route.entry}` : titles[route.page]
}
