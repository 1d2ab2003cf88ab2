import { HalibutError } from './base/errors.ts'
import { startGateway } from './cli/start.ts'
import { loadSettings } from './settings/load.ts'
import { settingsHelp } from './settings/show.ts'
import { createProcessLog } from './telemetry/log.ts'

/** One Ctrl-C may come twice, from the terminal and, where the shell has made way for this process, from npm. What comes later does not wait. */
const sameSignalMs = 500

const flags = process.argv.slice(2)
if (flags.includes('--help')) {
  console.log(
    `Starts the gateway and two demo agents.\n\n${settingsHelp()}\n
Lists have commas. The same setting is --log-level, HALIBUT_GATEWAY_LOG_LEVEL and, in the file, logLevel; the first that is there counts.`,
  )
} else {
  await run()
}

async function run(): Promise<void> {
  let stop: (signal: NodeJS.Signals) => void = signal => process.exit(exitCodeOf(signal))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop(signal))
  try {
    const settings = loadSettings({ flags, environment: process.env, defaults: { demo: true, agentPort: 0 } })
    const log = createProcessLog(settings.logLevel)
    let stoppedAtMs: number | undefined
    const isFirst = (signal: NodeJS.Signals): boolean => {
      const now = performance.now()
      if (stoppedAtMs !== undefined && now - stoppedAtMs > sameSignalMs) process.exit(exitCodeOf(signal))
      const first = stoppedAtMs === undefined
      stoppedAtMs ??= now
      return first
    }
    let stopWhenStarted = false
    stop = signal => {
      if (isFirst(signal)) stopWhenStarted = true
    }
    const gateway = await startGateway(settings, log)
    const finish = async (): Promise<void> => {
      log('info', `stopping; what runs has ${settings.drainMs / 1_000} s, unless a second signal ends it`)
      await gateway.close()
      process.exit(0)
    }
    if (stopWhenStarted) return await finish()
    stop = signal => {
      if (isFirst(signal)) void finish()
    }
    console.log(`\n  Halibut Gateway\n\n  ${gateway.address}\n\n  Open this address in a browser. Ctrl-C ends everything.\n`)
  } catch (error) {
    if (!(error instanceof HalibutError)) throw error
    console.error(`halibut-gateway: ${error.message}\n  ${error.advice}`)
    process.exit(1)
  }
}

function exitCodeOf(signal: NodeJS.Signals): number {
  return signal === 'SIGINT' ? 130 : signal === 'SIGTERM' ? 143 : 129
}
