import type { History } from '@halibut-gateway/schemas'
import { useMemo } from 'preact/hooks'
import { ProblemBox } from '../../elements/problem-box.tsx'
import { Chart } from '../../groups/chart.tsx'
import { past, router } from '../../page.ts'
import { agentsChart, callsChart, errorsChart, tookChart, waitedChart } from '../../values/chart-data.ts'
import { formatMs } from '../../values/format.ts'

/** The calls of the time that is looked at, in a few numbers. */
export function PastNumbers() {
  const history = past.history.value
  if (past.problem.value !== undefined) {
    return (
      <section aria-label="Calls" class="panel">
        <h2>Calls</h2>
        <ProblemBox error={past.problem.value} />
      </section>
    )
  }
  if (!history) {
    return (
      <section aria-label="Calls" class="panel" aria-busy="true">
        <h2>Calls</h2>
        <p class="hint">Asking the gateway.</p>
      </section>
    )
  }
  const { whole } = history
  const last = history.steps.at(-1)
  const failed = whole.errors.reduce((sum, { count }) => sum + count, 0)
  return (
    <section aria-label="Calls" class="panel calls-now">
      <h2>Calls</h2>
      <dl class="numbers">
        <Figure name="run now" value={last?.running ?? 0} />
        <Figure name="wait for an agent now" value={last?.queued ?? 0} />
        <Figure name="ended in this time" value={whole.calls} />
        <Figure name="of them failed" value={failed} note={whole.calls > 0 ? percent(failed / whole.calls) : undefined} />
      </dl>
      {whole.took && whole.waited && <Percentiles took={whole.took} waited={whole.waited} />}
      {whole.errors.length > 0 && (
        <ul class="errors" aria-label="Errors by kind">
          {whole.errors.map(({ kind, count }) => (
            <li key={kind}>
              <code>{kind}</code> <b>{count.toLocaleString('en')}</b>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function Figure({ name, value, note }: { name: string; value: number; note?: string | undefined }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {value.toLocaleString('en')} {note !== undefined && <small class="quiet">{note}</small>}
      </dd>
    </div>
  )
}

type Ends = NonNullable<History['whole']['took']>

function Percentiles({ took, waited }: { took: Ends; waited: Ends }) {
  return (
    <table>
      <caption class="off-screen">How long the calls took and waited, give or take 5 %</caption>
      <thead>
        <tr>
          <th scope="col">of all calls</th>
          <th scope="col">half</th>
          <th scope="col">95 %</th>
          <th scope="col">99 %</th>
        </tr>
      </thead>
      <tbody>
        <Row name="took at most" values={took} />
        <Row name="waited at most" values={waited} />
      </tbody>
    </table>
  )
}

function Row({ name, values: { p50, p95, p99 } }: { name: string; values: Ends }) {
  return (
    <tr>
      <th scope="row">{name}</th>
      {[p50, p95, p99].map((value, i) => (
        <td key={i}>{formatMs(value)}</td>
      ))}
    </tr>
  )
}

/** The same and the agents, drawn over the time that is looked at. */
export function PastCharts() {
  const history = past.history.value
  const steps = history?.steps
  const all = useMemo(() => steps && [callsChart, errorsChart, tookChart, waitedChart, agentsChart].map(make => make(steps)), [steps])
  if (!history || !all) return <p class="hint">{past.problem.value === undefined ? 'Asking the gateway.' : ''}</p>
  if (history.steps.length === 0) {
    return (
      <p class="hint">
        The gateway remembers nothing of this time; it remembers six hours at most, since {new Date(history.since).toLocaleString()}.
      </p>
    )
  }
  const select = (from: number, to: number): void => {
    const timeOf = (seconds: number): string => new Date(seconds * 1_000).toISOString()
    router.go({ page: 'overview', range: { from: timeOf(from), to: timeOf(to) } })
  }
  return (
    <div class="charts">
      {all.map(data => (
        <Chart key={data.title} data={data} onSelect={select} />
      ))}
    </div>
  )
}

function percent(part: number): string {
  return `${(part * 100).toLocaleString('en', { maximumFractionDigits: part < 0.1 ? 1 : 0 })} %`
}
