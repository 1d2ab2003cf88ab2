import type { AgentStateName, HistoryStep } from '@halibut-gateway/schemas'
import { formatMs } from './format.ts'

/** One line of a chart. */
export interface ChartLine {
  readonly label: string
  /** The name of a colour in the tokens. */
  readonly color: string
  /** Of a line and its gaps, so that lines can be told apart without colours; none: it is whole. */
  readonly dash?: readonly number[]
  /** Of each time; `null`: there is none. */
  readonly values: readonly (number | null)[]
}

/** What a chart shows, and the table behind it. */
export interface ChartData {
  readonly title: string
  /** Seconds since 1970, as uPlot has them: the ends of the steps. */
  readonly times: readonly number[]
  readonly lines: readonly ChartLine[]
  /** A value for people, with its unit. */
  format(value: number): string
  /** Ten times as much is one step further up. */
  readonly isLogarithmic?: boolean
}

const stateColors: Readonly<Record<AgentStateName, readonly [color: string, dash?: readonly number[]]>> = {
  connected: ['good'],
  suspect: ['warn', [6, 3]],
  offline: ['bad', [2, 3]],
  untrusted: ['word', [8, 3, 2, 3]],
  disabled: ['quiet', [1, 4]],
}
const kindColors = ['bad', 'warn', 'word', 'accent', 'number'] as const
const dashes: readonly (readonly number[] | undefined)[] = [undefined, [6, 3], [2, 3], [8, 3, 2, 3], [1, 4]]

/** How many calls ended in a second, with a result and without. */
export function callsChart(steps: readonly HistoryStep[]): ChartData {
  const failedIn = ({ errors }: HistoryStep): number => errors.reduce((sum, { count }) => sum + count, 0)
  return {
    title: 'Calls a second',
    times: timesOf(steps),
    lines: [
      { label: 'answered', color: 'accent', values: steps.map(step => perSecond(step, step.calls - failedIn(step))) },
      { label: 'failed', color: 'bad', dash: [6, 3], values: steps.map(step => perSecond(step, failedIn(step))) },
    ],
    format: rate,
  }
}

/** How many failed in a minute, of the kinds that there are most of; all others together. */
export function errorsChart(steps: readonly HistoryStep[]): ChartData {
  const sums = new Map<string, number>()
  for (const { errors } of steps) for (const { kind, count } of errors) sums.set(kind, (sums.get(kind) ?? 0) + count)
  const kinds = [...sums].sort(([, one], [, other]) => other - one).map(([kind]) => kind)
  const named = kinds.slice(0, kindColors.length)
  const countIn = ({ errors }: HistoryStep, fits: (kind: string) => boolean): number =>
    errors.reduce((sum, { kind, count }) => sum + (fits(kind) ? count : 0), 0)
  const lines: ChartLine[] = named.map((kind, i) => ({
    label: kind,
    color: kindColors[i] ?? 'quiet',
    ...dashed(dashes[i]),
    values: steps.map(step =>
      perMinute(
        step,
        countIn(step, each => each === kind),
      ),
    ),
  }))
  if (kinds.length > named.length) {
    const values = steps.map(step =>
      perMinute(
        step,
        countIn(step, each => !named.includes(each)),
      ),
    )
    lines.push({ label: 'all others', color: 'quiet', values })
  }
  return { title: 'Errors a minute, by kind', times: timesOf(steps), lines, format: rate }
}

/** How long calls took: half of them, 95 and 99 of a hundred at most so long. */
export function tookChart(steps: readonly HistoryStep[]): ChartData {
  return percentilesChart('How long calls took', steps, ({ took }) => took)
}

/** How long they waited for their agent. */
export function waitedChart(steps: readonly HistoryStep[]): ChartData {
  return percentilesChart('How long calls waited for their agent', steps, ({ waited }) => waited)
}

/** How many agents there were of each state. */
export function agentsChart(steps: readonly HistoryStep[]): ChartData {
  const states = (Object.keys(stateColors) as AgentStateName[]).filter(state => steps.some(({ agents }) => agents[state] > 0))
  return {
    title: 'Agents by state',
    times: timesOf(steps),
    lines: states.map(state => {
      const [color, dash] = stateColors[state]
      return { label: state, color, ...dashed(dash), values: steps.map(({ agents }) => agents[state]) }
    }),
    format: value => value.toLocaleString('en', { maximumFractionDigits: 0 }),
  }
}

/** What a chart says at one of its times, for who does not see it. */
export function readAt({ times, lines, format }: ChartData, index: number): string {
  const values = lines.map(({ label, values }) => `${label} ${told(values[index], format)}`)
  return `${clockTime(times[index] ?? 0)}: ${values.join(', ')}`
}

/** A value of a line for people. */
export function told(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? 'none' : format(value)
}

/** The time of day. `seconds`: since 1970. */
export function clockTime(seconds: number): string {
  return new Date(seconds * 1_000).toLocaleTimeString([], { hour12: false })
}

function percentilesChart(title: string, steps: readonly HistoryStep[], of: (step: HistoryStep) => HistoryStep['took']): ChartData {
  const line = (label: string, color: string, part: 'p50' | 'p95' | 'p99', dash?: readonly number[]): ChartLine => ({
    label,
    color,
    ...dashed(dash),
    values: steps.map(step => of(step)?.[part] ?? null),
  })
  return {
    title,
    times: timesOf(steps),
    lines: [line('half', 'accent', 'p50'), line('95 %', 'warn', 'p95', [6, 3]), line('99 %', 'bad', 'p99', [2, 3])],
    format: formatMs,
    isLogarithmic: true,
  }
}

function timesOf(steps: readonly HistoryStep[]): number[] {
  return steps.map(({ at, ms }) => (Date.parse(at) + ms) / 1_000)
}

function perSecond({ ms }: HistoryStep, count: number): number {
  return ms === 0 ? 0 : (count / ms) * 1_000
}

function perMinute(step: HistoryStep, count: number): number {
  return perSecond(step, count) * 60
}

function rate(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 1 : 0 })
}

function dashed(dash: readonly number[] | undefined): { dash?: readonly number[] } {
  return dash ? { dash } : {}
}
