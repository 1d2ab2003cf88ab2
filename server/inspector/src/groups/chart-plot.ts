import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { ChartData } from '../values/chart-data.ts'

/** A drawn chart. */
export interface Plot {
  /** Draws other numbers of the same lines. */
  update(data: ChartData): void
  /** Points at one of the times, or at none. */
  point(index: number | undefined): void
  close(): void
}

/** What a chart tells. */
export interface PlotListener {
  /** Somebody points at one of the times, or at none any more. */
  onPoint(index: number | undefined): void
  /** Somebody has drawn over a piece of time; seconds since 1970. */
  onSelect(from: number, to: number): void
}

/** Charts that are pointed at together. */
const together = 'past'

/** Draws a chart into an element, as large as that is. */
export function createPlot(element: HTMLElement, data: ChartData, { onPoint, onSelect }: PlotListener): Plot {
  const color = colorsOf(element)
  const axis = {
    stroke: color('quiet'),
    grid: { stroke: color('line'), width: 1 },
    ticks: { stroke: color('line'), width: 1 },
    font: fontOf(element),
  }
  const plot = new uPlot(
    {
      ...sizeOf(element),
      legend: { show: false },
      padding: [8, 8, 0, 0],
      cursor: { sync: { key: together }, drag: { x: true, y: false, setScale: false }, points: { size: 6 } },
      scales: { x: { time: true }, y: data.isLogarithmic ? { distr: 3 } : { range: (_, _min, max) => [0, Math.max(max, 1) * 1.05] } },
      axes: [
        { ...axis, values: timeLabels, space: 70 },
        {
          ...axis,
          ...(data.isLogarithmic && { grid: { ...axis.grid, filter: tenfold }, ticks: { ...axis.ticks, filter: tenfold } }),
          size: 64,
          values: (_, values) => values.map(value => (value === null ? '' : data.format(value))),
        },
      ],
      series: [
        {},
        ...data.lines.map(line => ({
          label: line.label,
          stroke: color(line.color),
          width: 1.8,
          points: { show: false },
          ...(line.dash && { dash: [...line.dash] }),
        })),
      ],
      hooks: {
        setCursor: [({ cursor }) => onPoint(cursor.idx ?? undefined)],
        setSelect: [
          chart => {
            const { left, width } = chart.select
            if (width < 4) return
            onSelect(chart.posToVal(left, 'x'), chart.posToVal(left + width, 'x'))
            chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
          },
        ],
      },
    },
    columnsOf(data),
    element,
  )
  const size = new ResizeObserver(() => plot.setSize(sizeOf(element)))
  size.observe(element)
  return {
    update: next => plot.setData(columnsOf(next)),
    point: index => {
      const time = index === undefined ? undefined : plot.data[0][index]
      plot.setCursor(time === undefined ? { left: -10, top: -10 } : { left: plot.valToPos(time, 'x'), top: 1 })
    },
    close: () => {
      size.disconnect()
      plot.destroy()
    },
  }
}

function sizeOf(element: HTMLElement): { width: number; height: number } {
  return { width: Math.max(1, element.clientWidth), height: element.clientHeight }
}

function columnsOf({ times, lines }: ChartData): uPlot.AlignedData {
  return [[...times], ...lines.map(({ values }) => [...values])]
}

/** Of a logarithmic scale only every tenfold step has a line. */
function tenfold(_: uPlot, values: readonly number[]): (number | null)[] {
  return values.map(value => (Number.isInteger(Math.round(Math.log10(value) * 1e6) / 1e6) ? value : null))
}

/** With seconds where a minute has more than one label. */
function timeLabels(_: uPlot, seconds: readonly number[]): string[] {
  const isFine = seconds.length > 1 && (seconds[1] ?? 0) - (seconds[0] ?? 0) < 60
  const parts: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', ...(isFine && { second: '2-digit' }) }
  return seconds.map(each => new Date(each * 1_000).toLocaleTimeString([], { hour12: false, ...parts }))
}

/** Colours of the tokens as a canvas takes them: what they are in the theme that is shown now. */
function colorsOf(element: HTMLElement): (name: string) => string {
  const probe = document.createElement('span')
  element.append(probe)
  const colors = new Map<string, string>()
  for (const name of ['accent', 'good', 'warn', 'bad', 'word', 'number', 'quiet', 'line']) {
    probe.style.color = `var(--${name})`
    colors.set(name, getComputedStyle(probe).color)
  }
  probe.remove()
  return name => colors.get(name) ?? 'currentColor'
}

function fontOf(element: HTMLElement): string {
  return `12px ${getComputedStyle(element).fontFamily}`
}
