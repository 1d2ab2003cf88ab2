import { RuleSet } from '../access/rule-set.ts'
import { parseSyslogAddress } from '../audit/syslog.ts'
import { parseWebhookUrl } from '../audit/webhook.ts'
import { isEverything } from '../base/host.ts'
import { messageOf } from '../base/message-of.ts'
import { oidcOptions } from '../gateway/oidc/options.ts'
import { OriginPolicy } from '../gateway/origin-policy.ts'
import { parsePublicUrl } from '../gateway/public-url.ts'
import { checkTrustedProxies } from '../gateway/trusted-proxies.ts'
import { Destinations } from '../socket/destinations.ts'
import type { Given, SettingsProblem } from './layer.ts'
import type { Settings } from './schema.ts'

/** What a value must mean beyond its form: throws where it does not. */
const meanings: readonly { readonly name: keyof Settings; readonly check: (settings: Settings) => void }[] = [
  { name: 'publicUrl', check: ({ publicUrl }) => void (publicUrl !== '' && parsePublicUrl(publicUrl)) },
  { name: 'trustedProxies', check: ({ trustedProxies }) => void checkTrustedProxies(trustedProxies) },
  { name: 'allowedOrigins', check: ({ allowedOrigins }) => void new OriginPolicy({ origins: allowedOrigins }) },
  { name: 'rules', check: ({ rules }) => void new RuleSet(rules) },
  { name: 'allowedHosts', check: ({ allowedHosts }) => void new OriginPolicy({ hosts: allowedHosts }) },
  { name: 'destinations', check: ({ destinations }) => void new Destinations(destinations) },
  {
    name: 'nextAgentPort',
    check: settings => {
      const { agentPort, nextAgentPort } = settings
      if (nextAgentPort === 0) return
      if (nextAgentPort === agentPort)
        throw new Error(`${nextAgentPort} is agentPort too: a certificate that takes the place of another one needs a port of its own`)
      if (isOfPage(nextAgentPort, settings)) throw new Error(`${nextAgentPort} is the port of the page too`)
    },
  },
  {
    name: 'agentPort',
    check: settings => {
      const { agentPort } = settings
      if (isOfPage(agentPort, settings)) throw new Error(`${agentPort} is the port of the page too: browsers and agents need one each`)
    },
  },
  ...(['oidcIssuer', 'oidcClientId', 'oidcClientSecret', 'oidcAudience', 'oidcName', 'oidcScopes', 'oidcRoles'] as const).map(name => ({
    name,
    check: (settings: Settings) => onlyOf(name, () => oidcOptions(settings)),
  })),
  { name: 'auditWebhook', check: ({ auditWebhook }) => void (auditWebhook !== '' && parseWebhookUrl(auditWebhook)) },
  { name: 'auditSyslog', check: ({ auditSyslog }) => void (auditSyslog !== '' && parseSyslogAddress(auditSyslog)) },
  {
    name: 'auditWebhookToken',
    check: ({ auditWebhook, auditWebhookToken }) => {
      if (auditWebhookToken !== '' && auditWebhook === '') throw new Error('there is no auditWebhook that it could be for')
    },
  },
  {
    name: 'identityKey',
    check: ({ identity, identityKey }) => {
      if (identityKey !== '' && identity === '') throw new Error('there is no identity whose key this could be')
    },
  },
]

/** What is wrong with values that are well-formed. */
export function problemsOfMeaning(values: ReadonlyMap<keyof Settings, Given>, settings: Settings): SettingsProblem[] {
  return meanings.flatMap(({ name, check }) => {
    try {
      check(settings)
      return []
    } catch (why) {
      const reason = messageOf(why)
      return [{ place: values.get(name)?.place ?? name, reason: reason.replace(`${name}: `, '') }]
    }
  })
}

/** Of several settings that are looked at together, what is wrong with this one. */
function onlyOf(name: keyof Settings, look: () => unknown): void {
  try {
    look()
  } catch (why) {
    if (why instanceof Error && why.message.startsWith(`${name}: `)) throw why
  }
}

/** Whether a port for agents is that of the page: at the same address, or where one of them has all. */
function isOfPage(agentsAt: number, { host, port, agentHost }: Settings): boolean {
  return port !== 0 && port === agentsAt && (host === agentHost || isEverything(host) || isEverything(agentHost))
}
