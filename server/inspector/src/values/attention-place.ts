import type { AttentionItem } from '@halibut-gateway/schemas'
import { allCertificates, type Route, wholeList } from '../address/route.ts'

/** Where on the page something can be seen to, and what the way there is called. */
export interface AttentionPlace {
  readonly to: Route
  readonly words: string
}

/** The place for what needs a person; `undefined` where the page has none, and the command is all there is. */
export function attentionPlace({ code, about }: Pick<AttentionItem, 'code' | 'about'>): AttentionPlace | undefined {
  const { agent, pending, thumbprint, token } = about
  const agentPlace = agent === undefined ? undefined : { to: agentRoute(agent), words: `Look at ${agent}` }
  switch (code) {
    case 'agent_pending':
      return { to: { page: 'trust', pending }, words: 'Decide about it' }
    case 'agent_cloned':
      return { to: { page: 'trust', pending: undefined }, words: 'Decide which machine stays' }
    case 'gateway_certificate_expires':
      return { to: { page: 'rotation', agent: undefined }, words: 'Replace it step by step' }
    case 'rotation_under_way':
      return { to: { page: 'rotation', agent }, words: 'Go on with it' }
    case 'agent_certificate_expires':
      return { to: { page: 'rotation', agent }, words: 'Replace it step by step' }
    case 'token_expires':
    case 'token_unused':
      return { to: { page: 'settings', part: 'tokens', args: token === undefined ? {} : { token } }, words: 'Look at the token' }
    case 'agent_refused':
      return pending === undefined ? agentPlace : { to: { page: 'trust', pending }, words: 'Decide about it' }
    case 'agent_offline':
    case 'agent_unused':
      return agentPlace
    case 'page_certificate_expires':
      return { to: { page: 'settings', part: 'about', args: {} }, words: 'See what the gateway is' }
    case 'store_failing':
    case 'backup_overdue':
      return undefined
    default:
      // A newer gateway may tell of what this page does not know yet.
      return (
        agentPlace ??
        (thumbprint === undefined ? undefined : { to: { page: 'certificates', view: allCertificates }, words: 'See certificates' })
      )
  }
}

function agentRoute(agent: string): Route {
  return { page: 'agent', agent, service: undefined, method: undefined, list: wholeList }
}
