import { spawn } from 'node:child_process'

/** A named piece of work: a command line, run in the repository's root with `node_modules/.bin` on the path, as npm sets it. */
export interface Job {
  readonly name: string
  readonly command: string
}

/** Runs a command line to its end, its output on ours. Resolves with the exit code. */
export function run(command: string, env: NodeJS.ProcessEnv = process.env): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, { shell: true, stdio: ['ignore', 'inherit', 'inherit'], env })
    child.on('error', reject)
    child.on('close', code => resolve(code ?? 1))
  })
}

/** Runs every job, also after one that failed, and prints one summary. Resolves with the exit code for all of them. */
export async function runJobs(jobs: readonly Job[]): Promise<number> {
  const lines: string[] = []
  let failed = 0
  for (const { name, command } of jobs) {
    console.log(`\n── ${name}: ${command}`)
    const start = performance.now()
    const code = await run(command)
    if (code !== 0) failed++
    lines.push(`${code === 0 ? 'ok    ' : 'FAILED'}  ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`)
  }
  console.log(`\n${lines.join('\n')}`)
  return failed === 0 ? 0 : 1
}
