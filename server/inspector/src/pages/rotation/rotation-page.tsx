import './rotation.css'
import { Notice } from '../../elements/notice.tsx'
import { NotForYou } from '../../groups/not-for-you.tsx'
import { TrustTabs } from '../../groups/trust-tabs.tsx'
import { session } from '../../page.ts'
import { AgentRotation } from './agent-rotation.tsx'
import { GatewayRotation } from './gateway-rotation.tsx'

/** How a certificate takes the place of another, step by step: that of an agent, else that of the gateway. */
export function RotationPage({ agent }: { agent: string | undefined }) {
  if (!session.may('trust.read')) {
    return (
      <Notice title="Certificates are not for your role">
        <NotForYou right="trust.read" what="Seeing whom the gateway trusts" />
      </Notice>
    )
  }
  return (
    <main class="rotation-page" id="main" tabIndex={-1}>
      <h1>{agent === undefined ? 'Replace the gateway’s certificate' : `Replace the certificate of ${agent}`}</h1>
      <TrustTabs />
      {agent === undefined ? <GatewayRotation /> : <AgentRotation key={agent} id={agent} />}
    </main>
  )
}
