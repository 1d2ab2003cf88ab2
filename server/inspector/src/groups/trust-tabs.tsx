import { allCertificates } from '../address/route.ts'
import { Link } from '../elements/link.tsx'
import { router, trust } from '../page.ts'

/** The ways between the pages about trust. */
export function TrustTabs() {
  const { page } = router.route.value
  const waiting = trust.waiting().length
  return (
    <nav class="tabs" aria-label="About trust">
      <Link to={{ page: 'trust', pending: undefined }} current={page === 'trust'}>
        Decisions {waiting > 0 && <span class="mark wait">{waiting.toLocaleString('en')}</span>}
      </Link>
      <Link to={{ page: 'certificates', view: allCertificates }} current={page === 'certificates'}>
        Certificates
      </Link>
      <Link to={{ page: 'rotation', agent: undefined }} current={page === 'rotation'}>
        Replace a certificate
      </Link>
    </nav>
  )
}
