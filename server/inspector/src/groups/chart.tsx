import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { type ChartData, clockTime, readAt, told } from '../values/chart-data.ts'
import type { Plot } from './chart-plot.ts'

/** A chart that can be read by eye, with arrow keys, and as a table. `onSelect`: a piece of time is wanted alone; seconds since 1970. */
export function Chart({ data, onSelect }: { data: ChartData; onSelect: (from: number, to: number) => void }) {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<Plot | undefined>(undefined)
  const newest = useRef(data)
  newest.current = data
  /** The time that is pointed at; none: the last one. */
  const at = useSignal<number | undefined>(undefined)
  const failed = useSignal(false)
  // Another set of lines, or other colours, is another drawing.
  const lines = data.lines.map(({ label }) => label).join()
  const theme = useThemeChanges()
  useEffect(() => {
    let isOver = false
    import('./chart-plot.ts').then(
      ({ createPlot }) => {
        if (isOver || !place.current) return
        plot.current = createPlot(place.current, newest.current, {
          onPoint: index => {
            at.value = index
          },
          onSelect,
        })
      },
      () => {
        failed.value = true
      },
    )
    return () => {
      isOver = true
      plot.current?.close()
      plot.current = undefined
    }
  }, [lines, theme.value])
  useEffect(() => plot.current?.update(data), [data])

  const last = data.times.length - 1
  const index = Math.min(at.value ?? last, last)
  const isEmpty = data.lines.every(({ values }) => values.every(value => value === null)) || data.lines.length === 0
  const onKeyDown = (event: KeyboardEvent): void => {
    const next = { ArrowLeft: index - 1, ArrowRight: index + 1, PageUp: index - 10, PageDown: index + 10, Home: 0, End: last }[event.key]
    if (next === undefined) return
    event.preventDefault()
    at.value = Math.max(0, Math.min(last, next))
    plot.current?.point(at.value)
  }
  return (
    <figure class="chart panel">
      <figcaption>
        <h2>{data.title}</h2>
        {!isEmpty && <Legend data={data} index={index} isNow={at.value === undefined} />}
      </figcaption>
      {isEmpty ? (
        <p class="hint nothing">Nothing to draw in this time.</p>
      ) : (
        <>
          <div
            class="plot"
            ref={place}
            role="slider"
            tabIndex={0}
            aria-label={`${data.title}: the time that is read`}
            aria-valuemin={0}
            aria-valuemax={last}
            aria-valuenow={index}
            aria-valuetext={readAt(data, index)}
            onKeyDown={onKeyDown}
            onFocusOut={() => {
              at.value = undefined
              plot.current?.point(undefined)
            }}
          />
          {failed.value && <p class="hint">The chart could not be loaded; the table has its numbers.</p>}
          <NumbersTable data={data} />
        </>
      )}
    </figure>
  )
}

/** Which line is which, and what each says at the time that is pointed at. */
function Legend({ data, index, isNow }: { data: ChartData; index: number; isNow: boolean }) {
  return (
    <ul class="legend" aria-hidden="true">
      <li class="quiet">{isNow ? 'now' : clockTime(data.times[index] ?? 0)}</li>
      {data.lines.map(line => (
        <li key={line.label}>
          <svg viewBox="0 0 22 6" width="22" height="6" class={`stroke-${line.color}`} aria-hidden="true" focusable="false">
            <line x1="0" y1="3" x2="22" y2="3" stroke-width="2" stroke-dasharray={line.dash?.join(' ')} />
          </svg>
          {line.label} <b>{told(line.values[index], data.format)}</b>
        </li>
      ))}
    </ul>
  )
}

/** The same numbers, the newest first. */
function NumbersTable({ data }: { data: ChartData }) {
  const isOpen = useSignal(false)
  return (
    <details
      onToggle={event => {
        isOpen.value = event.currentTarget.open
      }}
    >
      <summary>The same as a table</summary>
      {isOpen.value && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area has to be reachable by keyboard
        <section class="numbers-table" tabIndex={0} aria-label={`${data.title}, as a table`}>
          <table>
            <thead>
              <tr>
                <th scope="col">until</th>
                {data.lines.map(({ label }) => (
                  <th scope="col" key={label}>
                    {label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {data.times
                .map((time, i) => (
                  <tr key={time}>
                    <th scope="row">{clockTime(time)}</th>
                    {data.lines.map(({ label, values }) => (
                      <td key={label}>{told(values[i], data.format)}</td>
                    ))}
                  </tr>
                ))
                .reverse()}
            </tbody>
          </table>
        </section>
      )}
    </details>
  )
}

/** Advances when the page takes other colours. */
function useThemeChanges() {
  const changes = useSignal(0)
  useEffect(() => {
    const changed = (): void => {
      changes.value++
    }
    const queries = ['(prefers-color-scheme: dark)', '(forced-colors: active)'].map(query => matchMedia(query))
    for (const query of queries) query.addEventListener('change', changed)
    const root = new MutationObserver(changed)
    root.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] })
    return () => {
      for (const query of queries) query.removeEventListener('change', changed)
      root.disconnect()
    }
  }, [])
  return changes
}
