import type { CliIo } from './io.ts'

/** A transfer that is over before that needs no bar; one that goes on is drawn anew so often. Milliseconds. */
const usualPatienceMs = 500
const betweenMs = 100
const mebibyte = 1024 * 1024
const widestBar = 30

/** One line on a terminal that says how far a transfer is; nothing where there is none. */
export class ProgressBar {
  readonly #io: Pick<CliIo, 'err' | 'terminal'>
  readonly #now: () => number
  readonly #startedMs: number
  #drawnMs: number | undefined

  /** `now`: milliseconds; default those of `performance`. */
  constructor(io: Pick<CliIo, 'err' | 'terminal'>, now: () => number = () => performance.now()) {
    this.#io = io
    this.#now = now
    this.#startedMs = now()
  }

  /** So much of `total` has gone through. */
  update(what: string, done: number, total: number): void {
    const { terminal } = this.#io
    const nowMs = this.#now()
    const elapsedMs = nowMs - this.#startedMs
    if (
      !terminal ||
      elapsedMs < (terminal.patienceMs ?? usualPatienceMs) ||
      (this.#drawnMs !== undefined && nowMs - this.#drawnMs < betweenMs)
    )
      return
    this.#drawnMs = nowMs
    this.#io.err(`\r${lineOf({ what, done, total, elapsedMs }, terminal.columns)}\u001b[K`)
  }

  /** Takes the line away. */
  end(): void {
    if (this.#drawnMs !== undefined) this.#io.err('\r\u001b[K')
    this.#drawnMs = undefined
  }
}

interface Drawn {
  readonly what: string
  readonly done: number
  readonly total: number
  readonly elapsedMs: number
}

/** As wide as there is room, and never as wide as the terminal, which would begin another line. */
function lineOf({ what, done, total, elapsedMs }: Drawn, columns: number): string {
  const part = total === 0 ? 1 : Math.min(1, done / total)
  const perSecond = done / (elapsedMs / 1_000)
  const left = part > 0 && part < 1 ? `, ${timeOf((total - done) / perSecond)} left` : ''
  const figures = `${String(Math.floor(part * 100)).padStart(3)} %  ${size(done)} of ${size(total)} MiB  ${size(perSecond)} MiB/s${left}`
  const room = columns - 1 - figures.length - 2
  const name = what.length > room ? `${what.slice(0, Math.max(0, room - 1))}…` : what
  const bar = Math.min(widestBar, room - name.length - 4)
  if (room < 2) return figures.slice(0, Math.max(0, columns - 1))
  if (bar < 5) return `${name}  ${figures}`
  const full = Math.round(part * bar)
  return `${name}  [${'='.repeat(full)}${' '.repeat(bar - full)}]  ${figures}`.slice(0, columns - 1)
}

function size(bytes: number): string {
  return (bytes / mebibyte).toFixed(1)
}

function timeOf(seconds: number): string {
  const whole = Math.ceil(seconds)
  return whole < 100 ? `${whole} s` : `${Math.ceil(whole / 60)} min`
}
