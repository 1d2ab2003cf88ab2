import { allCertificates, settingsParts, wholeList } from '../address/route.ts'
import { copyText } from '../browser/copy-text.ts'
import { askForPaste } from '../groups/paste-call.tsx'
import { agents, calls, listView, notes, palette, router, session, theme } from '../page.ts'
import { type Theme, themes } from '../state/theme.ts'
import { isOpen, ways } from '../ways.ts'
import { agentFinder } from './agent-finder.ts'
import { savedFinder } from './saved-finder.ts'
import { useCommands, useFinder } from './use-commands.ts'

const themeNames: Readonly<Record<Theme, string>> = {
  auto: 'Use the colours of the system',
  light: 'Use light colours',
  dark: 'Use dark colours',
}

const isSignedIn = (): boolean => session.client.value !== undefined

/** What can be done wherever one is. */
export function usePageCommands(): void {
  useCommands(() => [
    {
      id: 'page.search',
      name: 'Search this page',
      group: 'This page',
      hotkey: '/',
      isEnabled: () => document.getElementById('search') !== null,
      run: () => document.getElementById('search')?.focus(),
    },
    {
      id: 'page.copy-link',
      name: 'Copy a link to what is shown',
      group: 'This page',
      hotkey: 'Mod+Shift+L',
      inFields: true,
      isEnabled: isSignedIn,
      run: () => void copyLink(),
    },
    {
      id: 'call.make',
      name: 'Make the call that the form describes',
      group: 'This page',
      hotkey: 'Mod+Enter',
      inFields: true,
      isEnabled: () => router.route.value.page === 'agent',
      run: () => calls.make(),
    },
    {
      id: 'call.paste',
      name: 'Paste a call: curl, SDK, CLI, a link or its JSON',
      group: 'This page',
      isEnabled: () => router.route.value.page === 'agent',
      run: askForPaste,
    },
    ...ways.map(way => ({
      id: `go.${way.name.toLowerCase()}`,
      name: way.name,
      group: 'Go to' as const,
      hotkey: way.hotkey,
      isEnabled: () => isOpen(way),
      run: () => router.go(way.to()),
    })),
    {
      id: 'go.agents.in-trouble',
      name: 'Agents that are offline or not trusted',
      group: 'Go to',
      isEnabled: isSignedIn,
      run: () => router.go({ page: 'agents', list: { ...wholeList, states: ['untrusted', 'offline'] } }),
    },
    {
      id: 'go.many',
      name: 'Call many agents at the same time',
      group: 'Go to',
      isEnabled: () => isSignedIn() && session.may('agents.call'),
      run: () => router.go({ page: 'many', tags: [], search: '', picked: [], service: undefined, method: undefined }),
    },
    {
      id: 'go.certificates',
      name: 'Certificates, and when they expire',
      group: 'Go to',
      isEnabled: () => isSignedIn() && session.may('trust.read'),
      run: () => router.go({ page: 'certificates', view: allCertificates }),
    },
    {
      id: 'go.rotation',
      name: 'Replace the gateway’s certificate',
      group: 'Go to',
      isEnabled: () => isSignedIn() && session.may('trust.read'),
      run: () => router.go({ page: 'rotation', agent: undefined }),
    },
    ...settingsParts.map(part => ({
      id: `go.settings.${part}`,
      name: `Settings: ${part}`,
      group: 'Go to' as const,
      isEnabled: isSignedIn,
      run: () => router.go({ page: 'settings', part, args: {} }),
    })),
    {
      id: 'go.attach',
      name: 'Add an agent',
      group: 'Go to',
      hotkey: 'G N',
      isEnabled: isSignedIn,
      run: () => router.go({ page: 'attach', mode: 'listening' }),
    },
    {
      id: 'go.components',
      name: 'Components of this page',
      group: 'Go to',
      isEnabled: isSignedIn,
      run: () => router.go({ page: 'components' }),
    },
    {
      id: 'gateway.connect',
      name: 'Connect again now',
      group: 'Gateway',
      isEnabled: () => isSignedIn() && session.connection.value.at !== 'connected',
      run: () => session.connectNow(),
    },
    { id: 'gateway.sign-out', name: 'Sign out', group: 'Gateway', isEnabled: isSignedIn, run: () => session.signOut() },
    {
      id: 'look.palette',
      name: 'Find a command, an agent or a page',
      group: 'Look',
      hotkey: 'Mod+K',
      inFields: true,
      run: () => palette.open('palette'),
    },
    { id: 'look.help', name: 'Show the keyboard shortcuts', group: 'Look', hotkey: '?', run: () => palette.open('help') },
    ...themes.map(choice => ({
      id: `look.${choice}`,
      name: themeNames[choice],
      group: 'Look' as const,
      isEnabled: () => theme.value !== choice,
      run: () => {
        theme.value = choice
      },
    })),
  ])
  useFinder(() =>
    savedFinder(
      async () => (await import('../saved.ts')).savedCalls,
      (collection, call) => router.go({ page: 'saved', collection, call, link: undefined }),
    ),
  )
  useFinder(() =>
    agentFinder(agents, agent => router.go({ page: 'agent', agent, service: undefined, method: undefined, list: listView.peek() })),
  )
}

async function copyLink(): Promise<void> {
  if (await copyText(location.href)) notes.say('The link is copied')
  else notes.say('The browser does not let the page copy: take the link from the address bar', 'bad')
}
