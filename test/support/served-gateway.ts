import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** How a process ended. */
export interface ProcessEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A gateway of `serve` in a process of its own. */
export interface ServedGateway extends AsyncDisposable {
  readonly origin: string
  readonly pid: number
  /** Of its first start alone. */
  readonly token: string | undefined
  readonly thumbprint: string
  readonly agentAddress: string
  readonly ended: Promise<ProcessEnd>
  signal(name: NodeJS.Signals): void
}

/** Starts it with a settings file; resolves when it says that it can be used. Killed at the end of its scope, where it has not ended. */
export async function serveInProcess(config: string): Promise<ServedGateway> {
  const program = fileURLToPath(new URL('./served-process.ts', import.meta.url))
  const args = [program, 'serve', '--config', config, '--json', '--log-level', 'error']
  const child = spawn(process.execPath, ['--conditions=@halibut-gateway/source', '--import', 'tsx', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'close').then(([code, signal]): ProcessEnd => ({ code, signal }))
  let text = ''
  child.stdout.setEncoding('utf8')
  const first = new Promise<string>((resolve, reject) => {
    child.stdout.on('data', chunk => {
      text += chunk
      const [line] = /^\{.*\}$/m.exec(text) ?? []
      if (line !== undefined) resolve(line)
    })
    void ended.then(end => reject(new Error(`the gateway ended: ${JSON.stringify(end)}`)))
  })
  const told = JSON.parse(await first) as Record<'address' | 'thumbprint' | 'agentAddress', string>
  const { origin, hash } = new URL(told.address)
  return {
    origin,
    pid: child.pid ?? 0,
    token: hash === '' ? undefined : hash.slice('#token='.length),
    thumbprint: told.thumbprint,
    agentAddress: told.agentAddress,
    ended,
    signal: name => void child.kill(name),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
