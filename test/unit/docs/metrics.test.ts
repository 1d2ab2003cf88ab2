import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { attentionCodes, attentionTable } from '@halibut-gateway/schemas'
import { errorTable } from '@halibut-gateway/schemas/wire'
import { parser } from '@prometheus-io/lezer-promql'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { type MetricEntry, metricTable } from '../../../server/src/telemetry/metric-table.ts'
import { Metrics } from '../../../server/src/telemetry/metrics.ts'
import { samplesOf, typesOf } from '../../support/prometheus.ts'

const server = join(import.meta.dirname, '../../../server')
const read = (file: string): string => readFileSync(join(server, file), 'utf8')
const own = Object.entries(metricTable) as [string, MetricEntry][]
const { text } = await new Metrics('1.2.3').text()

test('METRICS.md has a row for every metric, in order, with its type and labels', () => {
  const rows = [...read('METRICS.md').matchAll(/^\| `(\w+)` \| (\w+) \| ([^|]*) \| [^|]+ \|$/gm)]
  const labels = (cell: string): string[] => [...cell.matchAll(/`(\w+)`/g)].map(([, label = '']) => label)
  expect(rows.map(([, name, type, cell = '']) => [name, type, labels(cell)])).toEqual(
    own.map(([name, entry]) => [name, entry.type, entry.labels]),
  )
})

test('/metrics gives every metric of the table, of its type, and those of the process that METRICS.md tells of', () => {
  const types = typesOf(text)
  expect(own.map(([name]) => [name, types.get(name)])).toEqual(own.map(([name, { type }]) => [name, type]))
  const ofProcess = [...read('METRICS.md').matchAll(/^\| `((?:process|nodejs)_\w+)` \| (\w+) \|/gm)].map(([, name = '', type]) => [
    name,
    type,
  ])
  expect(ofProcess.length).toBeGreaterThan(5)
  expect(ofProcess.map(([name = '']) => [name, types.get(name)])).toEqual(ofProcess)
})

/** What Prometheus adds to each sample. */
const added = ['job', 'instance']
const knownValues: Readonly<Record<string, ReadonlySet<string>>> = {
  state: new Set(['connected', 'suspect', 'offline', 'untrusted', 'disabled', 'queued', 'running', 'waiting']),
  outcome: new Set(['answered', 'failed', 'accepted', 'refused', 'kept', 'taken']),
  error_type: new Set(['', ...Object.keys(errorTable)]),
  job: new Set(['halibut-gateway']),
  code: new Set(attentionCodes),
}

interface Selector {
  readonly metric: string
  readonly matchers: readonly { readonly label: string; readonly values: readonly string[] }[]
}

/** The selectors of a query, and the labels that it groups by. Throws where it is none. */
function readQuery(given: string): { readonly selectors: Selector[]; readonly groupedBy: string[] } {
  const query = given.replaceAll('$__rate_interval', '5m')
  const selectors: { metric: string; matchers: { label: string; values: string[] }[] }[] = []
  const groupedBy: string[] = []
  const textOf = (node: { readonly from: number; readonly to: number }): string => query.slice(node.from, node.to)
  parser.parse(query).iterate({
    enter: node => {
      if (node.type.isError) throw new Error(`no PromQL at ${node.from}: ${query}`)
      if (node.name === 'Identifier' && node.node.parent?.name === 'VectorSelector') selectors.push({ metric: textOf(node), matchers: [] })
      if (node.name === 'LabelName' && node.node.parent?.name === 'UnquotedLabelMatcher') {
        const value = /"(.*)"$/.exec(textOf(node.node.parent))?.[1] ?? ''
        selectors.at(-1)?.matchers.push({ label: textOf(node), values: value.split('|') })
      }
      if (node.name === 'LabelName' && node.node.parent?.name === 'GroupingLabels') groupedBy.push(textOf(node))
    },
  })
  return { selectors, groupedBy }
}

/** The labels of a metric as Prometheus keeps it; a histogram is three of them. `undefined`: there is no such one. */
function labelsOf(metric: string): readonly string[] | undefined {
  if (metric === 'up') return []
  const [, base = metric, part] = /^(.*)_(bucket|sum|count)$/.exec(metric) ?? []
  const entry = own.find(([name, { type }]) => (type === 'histogram' ? name === base && part !== undefined : name === metric))?.[1]
  if (entry) return part === 'bucket' ? [...entry.labels, 'le'] : entry.labels
  const samples = samplesOf(text).filter(({ name }) => name === metric)
  if (samples.length > 0) return samples.flatMap(({ labels }) => Object.keys(labels))
  return typesOf(text).has(base) ? ['kind', 'le'] : undefined
}

function check(query: string): void {
  const { selectors, groupedBy } = readQuery(query)
  expect(selectors.length, query).toBeGreaterThan(0)
  for (const { metric, matchers } of selectors) {
    const labels = labelsOf(metric)
    expect(labels, `${query}: there is no metric ${metric}`).toBeDefined()
    for (const { label, values } of matchers) {
      expect([...added, ...(labels ?? [])], query).toContain(label)
      const known = knownValues[label]
      if (known) expect([...known], query).toEqual(expect.arrayContaining([...values]))
    }
    for (const label of groupedBy) expect([...added, ...(labels ?? [])], query).toContain(label)
  }
}

test('every query of the dashboard asks for what /metrics gives', () => {
  const dashboard = JSON.parse(read('operations/grafana-dashboard.json')) as {
    panels: { title: string; targets: { expr: string; legendFormat: string }[] }[]
  }
  const targets = dashboard.panels.flatMap(panel => panel.targets)
  expect(targets.length).toBeGreaterThan(25)
  for (const { expr, legendFormat } of targets) {
    check(expr)
    const { selectors, groupedBy } = readQuery(expr)
    const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label)
    const there = groupedBy.length > 0 ? groupedBy : [...added, ...selectors.flatMap(({ metric }) => labelsOf(metric) ?? [])]
    expect(
      shown.filter(label => !there.includes(label)),
      expr,
    ).toEqual([])
  }
})

test('every metric of the gateway is on the dashboard', () => {
  const dashboard = read('operations/grafana-dashboard.json')
  expect(own.map(([name]) => name).filter(name => !dashboard.includes(name))).toEqual([])
})

test('every alert asks for what /metrics gives, says how bad it is and what to do', () => {
  const rules = parse(read('operations/alerts.yml')) as {
    groups: { rules: { alert: string; expr: string; labels: { severity: string }; annotations: Record<string, string> }[] }[]
  }
  const alerts = rules.groups.flatMap(group => group.rules)
  expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length)
  for (const { expr, labels, annotations } of alerts) {
    check(expr)
    expect(['critical', 'warning']).toContain(labels.severity)
    expect(annotations).toEqual({ summary: expect.stringMatching(/\.$/), action: expect.stringMatching(/\.$/) })
  }
})

test('METRICS.md has a row for each kind of what needs a person, in order, and each wakes somebody in the end', () => {
  const rows = [...read('METRICS.md').matchAll(/^\| `(\w+)` \| (critical|warning|info): ([^|]+) \| [^|]+ \|$/gm)]
  const wanted = attentionCodes.map(code => [code, attentionTable[code].severity, attentionTable[code].title])
  expect(rows.map(([, code, severity, title]) => [code, severity, title])).toEqual(wanted)
  const alerted = [...read('operations/alerts.yml').matchAll(/halibut_gateway_attention\{code=~?"([^"]+)"/g)].flatMap(([, codes = '']) =>
    codes.split('|'),
  )
  expect(alerted.sort()).toEqual([...attentionCodes].sort())
})

test('a query for what is not there does not pass', () => {
  for (const query of [
    'halibut_agents{state="away"}',
    'halibut_agents{agent="a"}',
    'halibut_agent',
    'sum by (agent) (halibut_agents)',
    'sum(',
  ]) {
    expect(() => check(query), query).toThrow()
  }
})
