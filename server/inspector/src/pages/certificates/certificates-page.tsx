import './certificates.css'
import { untracked, useComputed, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { type CertificateView, certificateKinds } from '../../address/route.ts'
import { Notice } from '../../elements/notice.tsx'
import { ProblemBox } from '../../elements/problem-box.tsx'
import { NotForYou } from '../../groups/not-for-you.tsx'
import { TrustTabs } from '../../groups/trust-tabs.tsx'
import { agents, router, session, trust } from '../../page.ts'
import { now } from '../../state/clock.ts'
import { certificateRows, countCertificates, filterCertificates } from '../../values/certificate-rows.ts'
import { counted } from '../../values/format.ts'
import { CertificateList } from './certificate-list.tsx'
import { OwnCertificates } from './own-certificates.tsx'

const kindNames: Readonly<Record<CertificateView['only'], string>> = {
  all: 'all',
  expiring: 'expire within 30 days',
  unused: 'not seen for 90 days',
  revoked: 'revoked',
}
/** What nobody watches is asked for while somebody looks; there may be ten thousand of them. */
const askAgainMs = 30_000
const lookMs = 5_000

/** The gateway’s own certificates and those of every agent, by when they expire. */
export function CertificatesPage({ view }: { view: CertificateView }) {
  const may = session.may('trust.read')
  const client = session.client.value
  useEffect(() => {
    if (!may) return undefined
    void trust.certificates.refresh()
    const timer = setInterval(() => {
      if (!document.hidden) void trust.certificates.refresh()
    }, askAgainMs)
    return () => clearInterval(timer)
  }, [may, client])
  const wanted = useSignal(view)
  wanted.value = view
  // Days count here, and there may be ten thousand agents that come and go: to look now and then is enough.
  const look = useComputed(() => Math.floor(now.value / lookMs) * lookMs)
  const rows = useComputed(() => {
    const all = trust.certificates.value.value
    const at = look.value
    return untracked(() => all && certificateRows(all, id => ['connected', 'suspect'].includes(agents.get(id)?.state ?? ''), at))
  })
  const shown = useComputed(() => rows.value && filterCertificates(rows.value, wanted.value))
  if (!may) {
    return (
      <Notice title="Certificates are not for your role">
        <NotForYou right="trust.read" what="Seeing whom the gateway trusts" />
      </Notice>
    )
  }
  const narrow = (change: Partial<CertificateView>): void => router.replace({ page: 'certificates', view: { ...view, ...change } })
  return (
    <main class="certificates-page" id="main" tabIndex={-1}>
      <div class="certificates-top">
        <h1>Certificates</h1>
        <TrustTabs />
        <OwnCertificates />
        <div class="row wrap">
          <h2>Of agents</h2>
          <span class="quiet" role="status">
            {shown.value && rows.value && shown.value.length !== rows.value.length
              ? `${shown.value.length.toLocaleString('en')} of ${counted(rows.value.length, 'certificate')}`
              : rows.value && counted(rows.value.length, 'certificate')}
          </span>
          <span class="spacer" />
          <input
            type="search"
            id="search"
            class="short"
            aria-label="Search certificates"
            placeholder="agent or thumbprint"
            value={view.search}
            onInput={event => narrow({ search: event.currentTarget.value })}
          />
          <fieldset class="choices" aria-label="Only those that">
            {certificateKinds.map(kind => (
              <button type="button" key={kind} class="small" aria-pressed={kind === view.only} onClick={() => narrow({ only: kind })}>
                {kindNames[kind]}
                {kind !== 'all' && rows.value && ` ${countCertificates(rows.value, kind).toLocaleString('en')}`}
              </button>
            ))}
          </fieldset>
        </div>
        {trust.certificates.problem.value !== undefined && <ProblemBox error={trust.certificates.problem.value} />}
      </div>
      {shown.value && shown.value.length > 0 && <CertificateList rows={shown.value} />}
      {shown.value?.length === 0 && (
        <p class="hint empty-list">
          {rows.value?.length === 0 ? 'None: no agent is registered yet.' : 'No certificate fits what you look for.'}
        </p>
      )}
      {!shown.value && trust.certificates.problem.value === undefined && <p class="hint">Asking the gateway.</p>}
    </main>
  )
}
