import { useEffect } from 'preact/hooks'
import { Link } from '../../elements/link.tsx'
import { ProblemBox } from '../../elements/problem-box.tsx'
import { Thumbprint } from '../../elements/thumbprint.tsx'
import { Expiry } from '../../groups/expiry.tsx'
import { session } from '../../page.ts'
import { counted } from '../../values/format.ts'
import { dayOf } from '../../values/moments.ts'
import type { OwnCertificate } from '../../values/rotation-steps.ts'
import { rotation } from '../rotation/rotation-stores.ts'

const stateWords: Readonly<Record<OwnCertificate['state'], string>> = {
  present: 'known by this one',
  next: 'to take its place',
  previous: 'still presented',
  retired: 'retired',
}

/** The certificates that agents know the gateway by. */
export function OwnCertificates() {
  const client = session.client.value
  useEffect(() => void rotation.refresh(), [client])
  const own = rotation.facts.value?.own.certificates
  const living = own?.filter(({ state }) => state !== 'retired')
  const retired = own?.filter(({ state }) => state === 'retired') ?? []
  return (
    <section class="panel own-certificates" aria-label="Of the gateway">
      <div class="row wrap">
        <h2>Of the gateway</h2>
        <span class="spacer" />
        <Link to={{ page: 'rotation', agent: undefined }} class="button small">
          {living && living.length > 1 ? 'Go on with its replacement' : 'Replace it step by step'}
        </Link>
      </div>
      {rotation.problem.value !== undefined && <ProblemBox error={rotation.problem.value} />}
      <ul>
        {living?.map(each => (
          <li key={each.thumbprint} data-own={each.state}>
            <span class={`chip ${each.state === 'present' ? 'good' : 'wait'}`}>{stateWords[each.state]}</span>
            <Thumbprint value={each.thumbprint} />
            <Expiry at={Date.parse(each.notAfter)} />
            <span class="quiet">
              {each.ports.length > 0 && `port ${each.ports.join(' and ')} · `}
              {counted(each.dependents ?? 0, 'agent')} would be lost without it
            </span>
          </li>
        ))}
      </ul>
      {retired.length > 0 && (
        <details>
          <summary>{counted(retired.length, 'former one')}</summary>
          <ul>
            {retired.map(each => (
              <li key={each.thumbprint} data-own={each.state}>
                <Thumbprint value={each.thumbprint} />
                <span class="quiet">{each.retired !== undefined && `retired on ${dayOf(each.retired)}`}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  )
}
