import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { session } from '../../page.ts'
import { type Traffic, watchTraffic } from '../../state/traffic.ts'
import { counted, formatMs } from '../../values/format.ts'

/** The calls that are going on while somebody looks. */
export function TrafficNow() {
  const traffic = useSignal<Traffic | undefined>(undefined)
  const client = session.client.value
  useEffect(() => {
    if (!client) return undefined
    const stop = new AbortController()
    // What ends it is told by the connection.
    watchTraffic(client, stop.signal, next => {
      traffic.value = next
    }).catch(() => undefined)
    return () => stop.abort()
  }, [client])
  const now = traffic.value
  if (!now) return null
  const most = Math.max(1, ...now.perSecond)
  return (
    <section aria-label="Calls" class="panel traffic">
      <h2>Calls{!session.may('audit.read') && ' of yours'}, while this page is open</h2>
      <dl class="numbers">
        <div>
          <dt>run now</dt>
          <dd>{now.running.toLocaleString('en')}</dd>
        </div>
        <div>
          <dt>wait for an agent</dt>
          <dd>{now.waiting.toLocaleString('en')}</dd>
        </div>
        <div>
          <dt>ended</dt>
          <dd>{now.ended.toLocaleString('en')}</dd>
        </div>
        <div>
          <dt>in the last second</dt>
          <dd>{(now.perSecond.at(-2) ?? 0).toLocaleString('en')}</dd>
        </div>
      </dl>
      <svg
        class="spark"
        viewBox="0 0 119 40"
        preserveAspectRatio="none"
        role="img"
        aria-label={`At most ${counted(most, 'call')} a second in two minutes`}
      >
        <polyline points={now.perSecond.map((count, i) => `${i},${39 - (count / most) * 37}`).join(' ')} />
      </svg>
      {now.ended > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">of all calls</th>
              <th scope="col">half</th>
              <th scope="col">95 %</th>
              <th scope="col">99 %</th>
            </tr>
          </thead>
          <tbody>
            <Row name="took at most" values={now.took} />
            <Row name="waited at most" values={now.waited} />
          </tbody>
        </table>
      )}
      {now.errors.length > 0 && (
        <ul class="errors" aria-label="Errors by kind">
          {now.errors.map(([kind, count]) => (
            <li key={kind}>
              <code>{kind}</code> <b>{count.toLocaleString('en')}</b>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function Row({ name, values }: { name: string; values: readonly number[] }) {
  return (
    <tr>
      <th scope="row">{name}</th>
      {values.map((value, i) => (
        <td key={i}>{Number.isNaN(value) ? '–' : formatMs(value)}</td>
      ))}
    </tr>
  )
}
