import './settings.css'
import type { ComponentChildren } from 'preact'
import { type SettingsArgs, type SettingsPart, settingsParts } from '../../address/route.ts'
import { Link } from '../../elements/link.tsx'
import { AboutPart } from './about-part.tsx'
import { ContractsPart } from './contracts/contracts-part.tsx'
import { LimitsPart } from './limits-part.tsx'
import { RulesPart } from './rules/rules-part.tsx'
import { TokensPart } from './tokens/tokens-part.tsx'

const names: Readonly<Record<SettingsPart, string>> = {
  tokens: 'Tokens',
  rules: 'Rules',
  contracts: 'Contracts',
  limits: 'Limits',
  about: 'About',
}

/** What the gateway is set to, as far as it is set while it runs. */
export function SettingsPage({ part, args }: { part: SettingsPart; args: SettingsArgs }) {
  return (
    <main class="settings-page" id="main" tabIndex={-1}>
      <h1>{names[part]}</h1>
      <nav class="tabs" aria-label="Settings">
        {settingsParts.map(each => (
          <Link key={each} to={{ page: 'settings', part: each, args: {} }} current={each === part}>
            {names[each]}
          </Link>
        ))}
      </nav>
      {content(part, args)}
    </main>
  )
}

function content(part: SettingsPart, args: SettingsArgs): ComponentChildren {
  switch (part) {
    case 'tokens':
      return <TokensPart chosen={args.token} />
    case 'rules':
      return <RulesPart args={args} />
    case 'contracts':
      return <ContractsPart service={args.service} agent={args.agent} />
    case 'limits':
      return <LimitsPart />
    case 'about':
      return <AboutPart />
  }
}
