import type { VersionAnswer } from '@halibut-gateway/schemas'
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { allCertificates } from '../../address/route.ts'
import { CopyButton } from '../../elements/copy-button.tsx'
import { Link } from '../../elements/link.tsx'
import { ProblemBox } from '../../elements/problem-box.tsx'
import { Thumbprint } from '../../elements/thumbprint.tsx'
import { useAction } from '../../elements/use-action.ts'
import { about, session } from '../../page.ts'
import { rotation } from '../rotation/rotation-stores.ts'

/** Which gateway this is, who one is at it, and where else it can be found. */
export function AboutPart() {
  const version = useSignal<VersionAnswer | undefined>(undefined)
  const action = useAction()
  const state = session.connection.value
  const isConnected = state.at === 'connected'
  useEffect(() => {
    if (!isConnected) return undefined
    const stop = new AbortController()
    void action.run(async () => {
      version.value = (await session.fetchJson('version', stop.signal)) as VersionAnswer
    })
    if (session.may('trust.read')) void rotation.refresh()
    return () => stop.abort()
  }, [isConnected])
  const known = version.value
  const present = rotation.facts.value?.own.certificates.find(each => each.state === 'present')
  const side = about.value
  return (
    <>
      {action.problem.value !== undefined && <ProblemBox error={action.problem.value} />}
      <div class="about-panels">
        <section class="panel" aria-label="This gateway">
          <h2>This gateway</h2>
          <dl class="grid-list">
            <dt>version</dt>
            <dd>{known?.version ?? '…'}</dd>
            {present && (
              <>
                <dt>its certificate names</dt>
                <dd>{present.subject}</dd>
              </>
            )}
            {side && (
              <>
                <dt>thumbprint</dt>
                <dd>
                  <Thumbprint value={side.thumbprint} what="the gateway’s thumbprint" />
                </dd>
                <dt>agents poll</dt>
                <dd>
                  <code>{side.address}</code>
                  <CopyButton text={side.address} what="the address that agents poll" />
                </dd>
              </>
            )}
            {known?.agents?.next && (
              <>
                <dt>next thumbprint</dt>
                <dd>
                  <Thumbprint value={known.agents.next.thumbprint} what="the next thumbprint" /> at port {known.agents.next.port}
                </dd>
              </>
            )}
            <dt>this page</dt>
            <dd>
              <code>{location.origin + location.pathname}</code>
              <CopyButton text={location.origin + location.pathname} what="the address of the page" />
            </dd>
          </dl>
          {session.may('trust.read') && (
            <p>
              <Link to={{ page: 'certificates', view: allCertificates }}>Its certificates</Link>
            </p>
          )}
        </section>
        <section class="panel" aria-label="You">
          <h2>You</h2>
          {isConnected && (
            <dl class="grid-list">
              <dt>signed in as</dt>
              <dd>
                {state.welcome.principal.name} <span class="quiet">with the role {state.welcome.principal.role}</span>
              </dd>
              <dt>session</dt>
              <dd>
                <code>{state.welcome.session}</code>
              </dd>
              <dt>signs in</dt>
              <dd>{session.provider.value ? `with a token, or with ${session.provider.value.name}` : 'with a token'}</dd>
            </dl>
          )}
        </section>
        <section class="panel" aria-label="For programs">
          <h2>For programs</h2>
          <ul class="bullets">
            <li>
              <a href="./openapi">The REST API, to be browsed</a>
            </li>
            <li>
              <a href="./openapi.json">Its OpenAPI document</a>
            </li>
            <li>
              <a href="./openrpc.json">The methods over WebSocket as an OpenRPC document</a>
            </li>
          </ul>
        </section>
      </div>
    </>
  )
}
