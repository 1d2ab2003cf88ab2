import { computed } from '@preact/signals'
import { wholeList } from './address/route.ts'
import { createRouter } from './address/router.ts'
import { createAbout } from './state/about.ts'
import { createAgentTable } from './state/agent-table.ts'
import { createAgents } from './state/agents.ts'
import { createAttention } from './state/attention.ts'
import { createCallForm } from './state/call-form.ts'
import { createCallPhases } from './state/call-phases.ts'
import { createCalls } from './state/calls.ts'
import { now } from './state/clock.ts'
import { createContracts } from './state/contracts.ts'
import { createDoctor } from './state/doctor.ts'
import { createMany } from './state/many.ts'
import { createManyForm } from './state/many-form.ts'
import { createSession } from './state/session.ts'
import { createTrust } from './state/trust.ts'

// The one page that there is in a tab: each store with those that it needs. Components import them from here.

export const session = createSession({ url: new URL('.', location.href.replace(/#.*/, '')).href, storage: sessionStorage })
export const router = createRouter(window, token => session.signIn(token))
export const agents = createAgents(session, tell => void requestAnimationFrame(tell))
export const contracts = createContracts(session)
export const form = createCallForm(router, agents, contracts)
export const calls = createCalls({ session, form, storage: sessionStorage })
export const phases = createCallPhases(session, calls)
export const about = createAbout(session, location.hostname)
export const attention = createAttention(session)
export const doctor = createDoctor(session, () => now.value)
export const trust = createTrust(session, () => now.value)
export const manyForm = createManyForm(router, agents, contracts)
export const many = createMany(session, tell => void requestAnimationFrame(tell))

/** What the list of agents is narrowed to: it stays beside an agent’s page. */
export const listView = computed(() => {
  const route = router.route.value
  return route.page === 'agents' || route.page === 'agent' ? route.list : wholeList
})
export const table = createAgentTable(agents, listView)
