import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** A process that takes part in a benchmark: one role of one contestant, so that no heap and no compiled code is shared. */
export interface Peer {
  /** Has the process do something that its module offers, and waits for the answer. */
  ask<T>(operation: string, argument?: unknown, timeoutMs?: number): Promise<T>
  stop(): Promise<void>
  /** Ends it as a machine that fails would. */
  kill(): Promise<void>
}

/** A file in `peers/`. */
export type PeerModule =
  | 'browser'
  | 'codec'
  | 'distance'
  | 'fleet'
  | 'gateway'
  | 'grpc'
  | 'http'
  | 'loop'
  | 'middle'
  | 'page'
  | 'raw'
  | 'relay-down'
  | 'relay-up'
  | 'runtime'
  | 'strangers'
  | 'trpc'

type Operations = Record<string, (argument: never) => unknown>

interface Reply {
  readonly id: number
  readonly value?: unknown
  readonly error?: string
}

/** No single operation takes longer, unless something is stuck or it was said otherwise. */
const operationTimeoutMs = 60_000

/** Every process that runs now, so that a bench that fails leaves none behind. */
const running = new Set<ChildProcess>()

export function startPeer(module: PeerModule, flags: readonly string[] = []): Peer {
  const path = fileURLToPath(new URL(`./peers/${module}.ts`, import.meta.url))
  const child = fork(path, [], { execArgv: [...flags, '--expose-gc', '--import', 'tsx', ...profiling()], serialization: 'advanced' })
  running.add(child)
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (why: Error) => void; timer: NodeJS.Timeout }>()
  let lastId = 0
  const gone = new Promise<void>(resolve => {
    child.once('exit', code => {
      running.delete(child)
      for (const { reject, timer } of waiting.values()) {
        clearTimeout(timer)
        reject(new Error(`the ${module} process ended with code ${code}`))
      }
      waiting.clear()
      resolve()
    })
  })
  child.on('message', (reply: Reply) => {
    const asked = waiting.get(reply.id)
    if (asked === undefined) return
    waiting.delete(reply.id)
    clearTimeout(asked.timer)
    if (reply.error === undefined) asked.resolve(reply.value as never)
    else asked.reject(new Error(`${module}: ${reply.error}`))
  })
  return {
    ask: (operation, argument, timeoutMs = operationTimeoutMs) =>
      new Promise((resolve, reject) => {
        const id = ++lastId
        const timer = setTimeout(() => {
          waiting.delete(id)
          reject(new Error(`${module}: ${operation} took longer than ${timeoutMs} ms`))
        }, timeoutMs)
        waiting.set(id, { resolve, reject, timer })
        child.send({ id, operation, argument })
      }),
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        child.send({ id: 0, operation: 'exit' })
        const timer = setTimeout(() => child.kill('SIGKILL'), 2_000)
        await gone
        clearTimeout(timer)
      }
    },
    kill() {
      child.kill('SIGKILL')
      return gone
    },
  }
}

/** Ends what still runs, at once. */
export function stopAllPeers(): void {
  for (const child of running) child.kill('SIGKILL')
}

/** `BENCH_CPU_PROFILE=folder` writes a CPU profile of each process there. */
function profiling(): string[] {
  const folder = process.env['BENCH_CPU_PROFILE']
  return folder === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', folder]
}

/** The child’s side: offers operations until it is told to exit. */
export function answer(operations: Operations): void {
  process.on('message', ({ id, operation, argument }: { id: number; operation: string; argument: never }) => {
    if (operation === 'exit') process.exit(0)
    void Promise.resolve()
      .then(() => {
        const run = operations[operation]
        if (run === undefined) throw new Error(`there is no operation ${operation}`)
        return run(argument)
      })
      .then(
        value => process.send?.({ id, value }),
        why => process.send?.({ id, error: why instanceof Error ? (why.stack ?? why.message) : String(why) }),
      )
  })
  process.once('disconnect', () => process.exit(0))
}
