import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'

/**
 * `npm start`: builds what has changed, then runs the demo. Signals go to what runs at that moment, and so does the end of the shell that npm has begun
 * this with: nothing is left when that ends, and this process ends as what it ran did.
 */
const root = resolve(import.meta.dirname, '../..')
const isPosix = process.platform !== 'win32'
let stop: ((signal: NodeJS.Signals) => void) | undefined
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
for (const signal of signals) process.on(signal, () => stop?.(signal))
// npm hands signals to the shell that it runs this with, which ends without a word to us.
const { ppid } = process
const watch = setInterval(() => {
  if (process.ppid === ppid) return
  // Once: a second signal would not let what runs come to its end.
  clearInterval(watch)
  stop?.('SIGTERM')
}, 250).unref()

// In a group of its own: a build has compilers below it, which a signal to it alone would leave.
const build = spawn(process.execPath, ['--import', 'tsx', resolve(root, 'test/scripts/build.ts')], {
  cwd: root,
  stdio: 'inherit',
  detached: isPosix,
})
const built = await ended(build, signal =>
  isPosix && build.pid !== undefined ? void process.kill(-build.pid, signal) : void build.kill(signal),
)
if (built !== 0) end(built)
else {
  const gateway = spawn(process.execPath, [resolve(root, 'server/dist/main.js'), ...process.argv.slice(2)], { stdio: 'inherit' })
  end(await ended(gateway, signal => void gateway.kill(signal)))
}

/** How a process ended, which gets signals until then. */
async function ended(child: ChildProcess, hand: (signal: NodeJS.Signals) => void): Promise<number | NodeJS.Signals> {
  stop = hand
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  stop = undefined
  return signal ?? code ?? 1
}

function end(as: number | NodeJS.Signals): void {
  if (typeof as === 'number') {
    process.exitCode = as
    return
  }
  for (const signal of signals) process.removeAllListeners(signal)
  process.kill(process.pid, as)
}
