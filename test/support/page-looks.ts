import type { Page } from 'playwright-core'
import type { PageWorld } from './page-world.ts'
import { linkToCall, takeInCollection } from './saved-collection.ts'

/**
 * A page, or a state of one, that is looked at: by axe in both themes, and as pictures in each theme and width. Each page of the gateway stands here
 * with each of its states.
 */
export interface Look {
  /** Of its pictures: `<name>-<theme>-<width>.webp`. */
  readonly name: string
  /** The part of the address behind and with `#`. */
  readonly place: string
  /** What is there when it shows what it is to show. */
  readonly ready: string
  /** Who is signed in; default: the admin. */
  readonly as?: 'operator' | 'viewer' | 'nobody'
  /** What is done before {@link ready} is there. Another look begins with the page loaded anew. */
  readonly arrange?: (page: Page, world: PageWorld) => Promise<void>
  /** The look that this one goes on from, in the gateway that somebody has just started. */
  readonly after?: string
}

/** The gateway that has nothing yet, and the page as it is opened from there: all that goes on from it is in that gateway too. */
const first = 'first-1-no-agents'

/** Presses the first button with a name. */
const press = (name: string) => async (page: Page) => page.getByRole('button', { name }).first().click()

/** All of them, in the order in which they are walked. */
export const looks: readonly Look[] = [
  { name: 'overview', place: '#/overview', ready: '[data-attention]' },
  { name: 'agents', place: '#/agents', ready: '[data-agent=web-1][data-state=connected]' },
  { name: 'agents-none-fit', place: '#/agents?search=nothing-of-the-kind', ready: '.empty-list' },
  { name: 'agent', place: '#/agent/web-1?service=IEchoService&method=EchoAppointment(Appointment)', ready: '[data-head=web-1]' },
  ...(['activity', 'connections', 'health', 'contracts', 'change'] as const).map(tab => ({
    name: `agent-${tab}`,
    place: `#/agent/web-1/${tab}`,
    ready: '[data-head=web-1]',
  })),
  {
    name: 'agent-doctor',
    place: '#/agent/web-1/health',
    arrange: press('Look what is wrong, step by step'),
    ready: '[data-doctor=done] + .states-history [data-past]',
  },
  { name: 'agent-wrong-pin', place: '#/agent/wrong-1', ready: '[data-head=wrong-1] .mismatch' },
  { name: 'agent-offline', place: '#/agent/gone-1', ready: '[data-head=gone-1] .why.offline' },
  { name: 'agent-missing', place: '#/agent/nobody', ready: 'h1' },
  {
    name: 'call-form',
    place: '#/agent/web-1?service=IEchoService&method=EchoAppointment(Appointment)',
    arrange: press('both'),
    ready: '.views.both .cm-content',
  },
  {
    name: 'call-json',
    place: '#/agent/web-1?service=IEchoService&method=EchoAppointment(Appointment)&args=[{"Title":5,"Priority":"None"}]',
    arrange: press('JSON'),
    ready: '.text-problems',
  },
  {
    name: 'call-answered',
    place: '#/agent/web-1?service=IEchoService&method=EchoAppointment(Appointment)',
    arrange: press('Call EchoAppointment'),
    ready: '[data-outcome=answered]',
  },
  {
    name: 'call-failed',
    place: '#/agent/web-1?service=ITroubleService&method=Fail(string)',
    arrange: press('Call Fail'),
    ready: '[data-outcome=failed]',
  },
  {
    name: 'call-running',
    place: '#/agent/gone-1?service=IEchoService&method=SayHello(string)',
    arrange: press('Call SayHello'),
    ready: '[data-outcome=running] .waiting',
  },
  {
    name: 'history',
    place: '#/agent/web-1?service=IEchoService&method=SayHello(string)',
    arrange: async page => {
      for (let i = 0; i < 5; i++) {
        await page.getByRole('button', { name: 'Call SayHello' }).click()
        await page.locator('[data-outcome=answered]').waitFor()
      }
    },
    ready: '.history-filters',
  },
  // What is taken in stays in the browser: the empty page is looked at first.
  { name: 'saved-empty', place: '#/saved', ready: '.nothing' },
  { name: 'saved-link', place: `#/saved?link=${linkToCall}`, ready: '.shared-call' },
  { name: 'saved', place: '#/saved', arrange: takeInCollection, ready: '[data-saved=Greets]' },
  {
    name: 'saved-run',
    place: '#/saved',
    arrange: async page => {
      await takeInCollection(page)
      await page.getByRole('button', { name: 'Run all' }).click()
      await page.locator('[data-run=done]').waitFor()
      await page.locator('[data-saved=Adds]').getByRole('button').first().click()
    },
    ready: '[data-saved=Adds] .came',
  },
  { name: 'many', place: '#/many?tag=role%3Dweb&service=ICalculatorService', ready: '.many-call textarea' },
  {
    name: 'many-run',
    place: '#/many?tag=role%3Dweb&service=IEchoService&method=SayHello(string)',
    arrange: press('Call 13 agents'),
    ready: '[data-many=done]',
  },
  { name: 'many-not-allowed', place: '#/many', as: 'viewer', ready: 'h1' },
  { name: 'attach-listening', place: '#/attach/listening', ready: '.command' },
  { name: 'attach-polling', place: '#/attach/polling', ready: '[data-pending]' },
  { name: 'trust-approve', place: '#/trust', arrange: press('Approve…'), ready: '.decision' },
  { name: 'trust-replace', place: '#/trust', arrange: press('Replace a machine…'), ready: '.decision' },
  { name: 'trust-deny', place: '#/trust', arrange: press('Deny…'), ready: '.decision' },
  { name: 'trust-later', place: '#/trust', arrange: press('Later…'), ready: '.decision' },
  // Two machines are known for two only after a while: this comes late.
  { name: 'trust', place: '#/trust', ready: '[data-clones]' },
  { name: 'trust-not-allowed', place: '#/trust', as: 'viewer', ready: 'h1' },
  { name: 'palette', place: '#/agents', arrange: page => page.keyboard.press('ControlOrMeta+k'), ready: '[role=option]' },
  {
    name: 'palette-found',
    place: '#/agents',
    arrange: async page => {
      await page.keyboard.press('ControlOrMeta+k')
      await page.getByRole('combobox', { name: 'What to do or to find' }).fill('web')
    },
    ready: '[data-command="agent.web-1"]',
  },
  { name: 'shortcuts', place: '#/agents', arrange: page => page.keyboard.press('?'), ready: '[data-shortcut]' },
  { name: 'components', place: '#/components', ready: '[data-element=use-virtual-rows] p' },
  { name: 'certificates', place: '#/certificates', ready: '[data-certificate]' },
  { name: 'audit', place: '#/audit', ready: '[data-entry]' },
  {
    name: 'audit-entry',
    place: '#/audit?agent=web-1',
    arrange: page => page.locator('[data-entry]').first().click(),
    ready: '.chain .hash',
  },
  {
    name: 'audit-verified',
    place: '#/audit',
    arrange: async page => {
      await page.getByText('Its signed head').click()
      await page.getByRole('button', { name: 'Verify it now' }).click()
    },
    ready: '.proof-result',
  },
  { name: 'audit-not-allowed', place: '#/audit', as: 'viewer', ready: '.not-for-you' },
  {
    name: 'tokens',
    place: '#/settings/tokens',
    arrange: page => page.locator('[data-token=wall-screen]').getByRole('button', { name: 'Revoke…' }).click(),
    ready: '.revoke',
  },
  {
    name: 'token-made',
    place: '#/settings/tokens',
    arrange: async page => {
      await page.getByRole('button', { name: 'Make a token…' }).click()
      await page.getByRole('textbox', { name: 'Name' }).fill('nightly')
      await page.getByRole('button', { name: 'Make nightly' }).click()
    },
    ready: '[data-made=nightly]',
  },
  { name: 'rules', place: '#/settings/rules', ready: '[data-rule]' },
  { name: 'rules-answer', place: '#/settings/rules?who=night-shift&agent=web-1&service=IEchoService', ready: '[data-allowed]' },
  {
    name: 'rules-changed',
    place: '#/settings/rules?who=night-shift&agent=web-1&service=IEchoService',
    arrange: async page => {
      await page.getByRole('button', { name: 'Change the rules…' }).click()
      await page.locator('[data-rule="rules/0"]').getByRole('button', { name: 'Remove' }).click()
      await page.getByRole('button', { name: 'Look what it would change' }).click()
    },
    ready: '[data-change=loses]',
  },
  { name: 'settings-not-allowed', place: '#/settings/rules', as: 'viewer', ready: '.not-for-you' },
  { name: 'limits', place: '#/settings/limits', ready: '[data-limit]' },
  { name: 'contracts', place: '#/settings/contracts?service=IEchoService', ready: '[data-contract-detail] p' },
  { name: 'about', place: '#/settings/about', ready: '.about-panels .thumbprint' },
  { name: 'rotation-agent', place: '#/rotation/db-1', ready: '[data-step=begin][data-state=now] form' },
  { name: 'rotation-1', place: '#/rotation', ready: '[data-step=begin][data-state=now]' },
  // From here on the gateway has two certificates.
  {
    name: 'rotation-2',
    place: '#/rotation',
    arrange: async page => {
      const [make, depends] = [page.getByRole('button', { name: 'Make a new certificate' }), page.locator('[data-depends=db-1]')]
      await make.or(depends).first().waitFor()
      if (await make.isVisible()) await make.click()
      await depends.getByRole('button', { name: 'What its operator runs' }).click()
    },
    ready: '[data-depends=db-1] .commands',
  },
  {
    name: 'rotation-3',
    place: '#/rotation',
    arrange: async page => {
      await page.getByRole('button', { name: 'Be known by the new one' }).click()
      await page.getByRole('button', { name: 'Retire the old one…' }).click()
    },
    ready: '.lost',
  },
  { name: first, place: '', ready: 'h1' },
  { name: 'first-2-set-it-up', after: first, place: '', arrange: press('It connects to the gateway'), ready: '.listening' },
  {
    name: 'first-3-it-knocks',
    after: 'first-2-set-it-up',
    place: '',
    arrange: async (_page, world) => {
      await world.startAgent('own-1', ['--poll', world.agentAddress])
    },
    ready: '[data-pending]',
  },
  {
    name: 'first-4-compare',
    after: 'first-3-it-knocks',
    place: '',
    arrange: async page => {
      const thumbprint = await page.locator('[data-pending] code[title]').first().getAttribute('title')
      await page.getByRole('button', { name: 'Approve…' }).click()
      await page.getByRole('textbox', { name: 'What the machine itself tells' }).fill(thumbprint ?? '')
    },
    ready: '.decision',
  },
  {
    name: 'first-5-it-is-there',
    after: 'first-4-compare',
    place: '',
    // Its contracts come last, and with them the services that it hosts.
    arrange: async (page, world) => {
      await page.getByLabel('Open contract files').setInputFiles(await world.contractFiles('own-1'))
      await page.getByRole('checkbox', { name: 'IEchoService', checked: true }).waitFor()
      await page.getByRole('button', { name: 'Approve own-1' }).click()
    },
    ready: '[data-arrived=own-1][data-state=connected]',
  },
  {
    name: 'first-6-call-it',
    after: 'first-5-it-is-there',
    place: '',
    arrange: async page => {
      await page.getByRole('link', { name: 'Call own-1' }).click()
      await page.getByRole('button', { name: 'Echo', exact: true }).click()
      await page.getByRole('textbox', { name: 'name string' }).fill('Ada')
    },
    ready: '[data-head=own-1]',
  },
  { name: 'first-7-answer', after: 'first-6-call-it', place: '', arrange: press('Call SayHello'), ready: '[data-outcome=answered]' },
  { name: 'sign-in', place: '#/agents', as: 'nobody', ready: 'form[aria-label="Sign in"]' },
  { name: 'sign-in-refused', place: '#/agents?token=hgw_wrong', as: 'nobody', ready: '.problem-box' },
]
