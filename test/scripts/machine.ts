import { cpus, platform, release, totalmem } from 'node:os'

/** The machine and the day, one line, for documents that hold results. */
export function machineAndDate(): string {
  const cores = cpus()
  const model = cores[0]?.model.trim() ?? 'unknown processor'
  const memory = Math.round(totalmem() / 2 ** 30)
  return `${cores.length} × ${model}, ${memory} GiB, ${platform()} ${release()}, Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}`
}
