import { HelpSheet } from './commands/help-sheet.tsx'
import { usePageCommands } from './commands/page-commands.ts'
import { PaletteSheet } from './commands/palette-sheet.tsx'
import { lazy } from './elements/lazy.tsx'
import { Notice } from './elements/notice.tsx'
import { ProblemBox } from './elements/problem-box.tsx'
import { Toasts } from './elements/toasts.tsx'
import { ConnectionBanner } from './groups/connection.tsx'
import { Header } from './groups/header.tsx'
import { agents, notes, palette, router, session } from './page.ts'
import { AgentsPage } from './pages/agents/agents-page.tsx'
import { AttachPage } from './pages/attach/attach-page.tsx'
import { OverviewPage } from './pages/overview/overview-page.tsx'
import { SignInPage } from './pages/sign-in/sign-in-page.tsx'
import { now } from './state/clock.ts'
import { useNavigation } from './use-navigation.ts'
import { connectionWords } from './values/connection-words.ts'

// What few need at first comes when it is looked at.
const AgentPage = lazy('the agent', async () => (await import('./pages/agent/agent-page.tsx')).AgentPage, true)
const TrustPage = lazy('trust', async () => (await import('./pages/trust/trust-page.tsx')).TrustPage, true)
const SavedPage = lazy('saved calls', async () => (await import('./pages/saved/saved-page.tsx')).SavedPage, true)
const ManyPage = lazy('the call to many', async () => (await import('./pages/many/many-page.tsx')).ManyPage, true)
const AuditPage = lazy('the audit log', async () => (await import('./pages/audit/audit-page.tsx')).AuditPage, true)
const CertificatesPage = lazy(
  'the certificates',
  async () => (await import('./pages/certificates/certificates-page.tsx')).CertificatesPage,
  true,
)
const RotationPage = lazy('the certificates', async () => (await import('./pages/rotation/rotation-page.tsx')).RotationPage, true)
const SettingsPage = lazy('the settings', async () => (await import('./pages/settings/settings-page.tsx')).SettingsPage, true)
const ComponentsPage = lazy('the components', async () => (await import('./pages/components/components-page.tsx')).ComponentsPage, true)

/** The whole page. */
export function App() {
  useNavigation()
  usePageCommands()
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById('main')?.focus()}>
        Skip to the content
      </button>
      <Header />
      <ConnectionBanner />
      <Content />
      {palette.shown.value === 'palette' && <PaletteSheet />}
      {palette.shown.value === 'help' && <HelpSheet />}
      <Toasts notes={notes.list.value} onDismiss={notes.dismiss} />
    </>
  )
}

function Content() {
  const state = session.connection.value
  if (!session.client.value) return <SignInPage />
  if (!agents.known.value) {
    if (state.at === 'failed' || state.at === 'waiting') {
      const { title, text } = connectionWords(state, now.value, navigator.onLine)
      return (
        <Notice title={title}>
          <p>{text}</p>
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
    case 'components':
      return <ComponentsPage />
  }
}
