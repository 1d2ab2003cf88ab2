import { useEffect } from 'preact/hooks'
import { allCertificates } from '../../address/route.ts'
import { Link } from '../../elements/link.tsx'
import { Notice } from '../../elements/notice.tsx'
import { ProblemBox } from '../../elements/problem-box.tsx'
import { Thumbprint } from '../../elements/thumbprint.tsx'
import { NotForYou } from '../../groups/not-for-you.tsx'
import { PendingCard } from '../../groups/pending-card.tsx'
import { TrustTabs } from '../../groups/trust-tabs.tsx'
import { about, session, trust } from '../../page.ts'
import { Clones } from './clones.tsx'
import { Denied } from './denied.tsx'

const askAgainMs = 5_000

/** Whom the gateway believes: who asks to be believed, who was denied, and every certificate that it knows. */
export function TrustPage({ focus }: { focus: string | undefined }) {
  const may = session.may('trust.read')
  // What nobody watches is asked for while somebody looks.
  useEffect(() => {
    if (!may) return undefined
    void trust.refresh()
    const timer = setInterval(() => {
      if (!document.hidden) void trust.refresh()
    }, askAgainMs)
    return () => clearInterval(timer)
  }, [may])
  if (!may) {
    return (
      <Notice title="Trust is not for your role">
        <NotForYou right="trust.read" what="Seeing whom the gateway trusts" />
      </Notice>
    )
  }
  return (
    <main class="trust-page" id="main" tabIndex={-1}>
      <h1>Trust</h1>
      <TrustTabs />
      <p class="lead">
        A gateway and an agent know each other by their certificates. Nobody is let in whom nobody has approved, and nobody is dialled whose
        certificate is not the pinned one.
      </p>
      {trust.problem.value && <ProblemBox error={trust.problem.value} />}
      <Own />
      <Clones />
      <Pending focus={focus} />
      <Denied />
      <p class="hint">
        Who is let in already stands in <Link to={{ page: 'certificates', view: allCertificates }}>certificates</Link>, where trust in one
        is taken back, too.
      </p>
    </main>
  )
}

function Own() {
  const side = about.value
  if (!side) return null
  return (
    <section class="panel own" aria-label="This gateway">
      <h2>This gateway</h2>
      <dl class="grid-list">
        <dt>agents trust</dt>
        <dd>
          <Thumbprint value={side.thumbprint} what="the gateway’s thumbprint" />
        </dd>
        <dt>agents poll</dt>
        <dd>
          <code>{side.address}</code>
        </dd>
      </dl>
    </section>
  )
}

function Pending({ focus }: { focus: string | undefined }) {
  const all = trust.pending.value
  const waiting = trust.waiting()
  const later = (all ?? []).filter(each => !waiting.includes(each))
  return (
    <section aria-label="Waiting for a decision" class="section">
      <h2>Waiting for a decision {waiting.length > 0 && <span class="mark wait">{waiting.length}</span>}</h2>
      {all === undefined && !trust.problem.value && <p class="hint">Asking the gateway.</p>}
      {all !== undefined && waiting.length === 0 && (
        <p class="hint">Nobody. A polling agent that the gateway does not know stands here as soon as it knocks.</p>
      )}
      {waiting.map(each => (
        <PendingCard key={each.id} pending={each} isFocused={each.id === focus} />
      ))}
      {later.length > 0 && (
        <details>
          <summary>{later.length} put off</summary>
          {later.map(each => (
            <PendingCard key={each.id} pending={each} />
          ))}
        </details>
      )}
    </section>
  )
}
