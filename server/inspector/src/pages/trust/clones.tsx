import { Link } from '../../elements/link.tsx'
import { RelativeTime } from '../../elements/relative-time.tsx'
import { Thumbprint } from '../../elements/thumbprint.tsx'
import { agents, listView, trust } from '../../page.ts'

/** Agents that several machines are at the same time, or would be if nobody kept some of them out. */
export function Clones() {
  const clones = trust.clones.value
  if (clones.length === 0) return null
  return (
    <section aria-label="Both alive" class="section">
      <h2>Both alive</h2>
      {clones.map(({ agent, subscription, thumbprint, addresses, held }) => (
        <article class="panel pending cloned" key={`${subscription} ${thumbprint}`} data-clones={agent}>
          <h3>{addresses.length + held.length} machines have one certificate</h3>
          <p>
            They poll as <code>{subscription}</code>, which is the agent{' '}
            <Link to={{ page: 'agent', agent, service: undefined, method: undefined, list: listView.value }}>
              {agents.get(agent)?.name ?? agent}
            </Link>
            . Mostly a disk was copied. A call goes to whichever of those that are connected asks first.
          </p>
          <dl class="grid-list">
            <dt>certificate</dt>
            <dd>
              <Thumbprint value={thumbprint} />
            </dd>
            {addresses.length > 0 && (
              <>
                <dt>connected</dt>
                <dd>
                  {addresses.map((address, i) => (i === addresses.length - 1 && i > 0 ? `${address} (the newest)` : address)).join(', ')}
                </dd>
              </>
            )}
            {held.length > 0 && (
              <>
                <dt>kept out</dt>
                <dd>
                  {held.map(each => (
                    <div key={each.address}>
                      {each.address} by {each.by} <RelativeTime at={each.since} after=" ago" />
                    </div>
                  ))}
                </dd>
              </>
            )}
          </dl>
          <p class="advice">To go on: give one of the machines a certificate of its own, and approve it when it knocks.</p>
        </article>
      ))}
    </section>
  )
}
