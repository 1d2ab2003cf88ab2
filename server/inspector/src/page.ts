import { createClient } from '@halibut-gateway/client'
import { computed } from '@preact/signals'
import { usualRange, wholeList } from './address/route.ts'
import { createRouter } from './address/router.ts'
import { settled, tellIdle } from './browser/activity.ts'
import { scrolledNow } from './browser/scrolling.ts'
import { createPalette } from './commands/palette.ts'
import { createCommands } from './commands/registry.ts'
import { createAbout } from './state/about.ts'
import { createActivity } from './state/activity.ts'
import { createAgentTable } from './state/agent-table.ts'
import { createAgentUses } from './state/agent-use.ts'
import { createAgents } from './state/agents.ts'
import { createAttention } from './state/attention.ts'
import { createCallForm } from './state/call-form.ts'
import { createCallPhases } from './state/call-phases.ts'
import { createCalls } from './state/calls.ts'
import { now } from './state/clock.ts'
import { createContracts } from './state/contracts.ts'
import { countedClient } from './state/counted-client.ts'
import { createDoctor } from './state/doctor.ts'
import { createFleetChanges } from './state/fleet-changes.ts'
import { createMany } from './state/many.ts'
import { createManyForm } from './state/many-form.ts'
import { createNotes } from './state/notes.ts'
import { createPast } from './state/past.ts'
import { createRawArguments } from './state/raw-arguments.ts'
import { createScrollMemory } from './state/scroll-memory.ts'
import { createSelection } from './state/selection.ts'
import { createSession } from './state/session.ts'
import { createTheme } from './state/theme.ts'
import { createTrust } from './state/trust.ts'

// The one page that there is in a tab: each store with those that it needs. Components import them from here.

export const activity = createActivity({ settled, tell: tellIdle })
export const session = createSession({
  url: new URL('.', location.href.replace(/#.*/, '')).href,
  storage: sessionStorage,
  create: options => countedClient(createClient(options), activity),
  fetch: (...asked) => activity.during(fetch(...asked)),
})
export const scrolled = createScrollMemory(sessionStorage)
export const notes = createNotes()
export const router = createRouter(window, {
  onToken: token => session.signIn(token),
  onLeave: key => scrolled.keep(key, scrolledNow()),
  onLoop: address =>
    notes.say(`The address of this page was written over again and again, at last with ${address}: it is left alone`, 'bad'),
})
/** With the next frame, which the page is not idle before. */
const soon = (tell: () => void): void => {
  const end = activity.begin()
  requestAnimationFrame(() => {
    tell()
    end()
  })
}
export const agents = createAgents(session, soon)
export const contracts = createContracts(session)
export const form = createCallForm(router, agents, contracts, session)
export const raw = createRawArguments(form, session)
export const calls = createCalls({ session, form, storage: sessionStorage })
export const phases = createCallPhases(session, calls)
export const about = createAbout(session, location.hostname)
export const attention = createAttention(session)
export const doctor = createDoctor(session, () => now.value)
export const trust = createTrust(session, () => now.value)
export const manyForm = createManyForm(router, agents, contracts, session)
export const many = createMany(session, tell => void requestAnimationFrame(tell))

/** What the list of agents is narrowed to: it stays beside an agent’s page. */
export const listView = computed(() => {
  const route = router.route.value
  return route.page === 'agents' || route.page === 'agent' ? route.list : wholeList
})
/** Whether anybody sees how agents are used. */
const wantsUse = computed(() => {
  const { sort, columns } = listView.value
  if (sort === 'called' || sort === 'waiting') return true
  if (router.route.value.page !== 'agents') return false
  return columns === undefined || columns.includes('called') || columns.includes('waiting')
})
export const uses = createAgentUses(session, wantsUse, soon)
export const table = createAgentTable(agents, listView, uses)
export const selection = createSelection(router, table)

export const past = createPast(
  session,
  computed(() => (router.route.value.page === 'overview' ? (router.route.value.range ?? usualRange) : undefined)),
)
export const fleetChanges = createFleetChanges(
  session,
  computed(() => router.route.value.page === 'overview'),
)

export const commands = createCommands()
export const palette = createPalette(commands)
export const theme = createTheme(localStorage, choice => {
  document.documentElement.dataset['theme'] = choice
})
