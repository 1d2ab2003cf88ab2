import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { type Mutation, mutationVariable } from '../support/mutation-plugin.ts'
import { mutations } from '../support/mutations.ts'

interface Run {
  readonly passed: number
  readonly failed: number
  /** What Vitest printed, for a run that says nothing. */
  readonly output: string
}

/** A mutant may go round for ever. That is noticed, too. */
const mutantMs = 90_000
const repository = resolve(import.meta.dirname, '../..')

/** Runs test files in a Vitest of their own, with a mutation or without one. */
async function run(tests: readonly string[], mutation?: Mutation): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), 'halibut-mutation-'))
  const report = join(folder, 'report.json')
  // One that fails is enough, and a mutation may make others wait for their time.
  const options = ['--bail=1', '--testTimeout=8000', '--reporter=json', `--outputFile=${report}`]
  const args = [join(repository, 'node_modules/vitest/vitest.mjs'), 'run', ...options, ...tests.map(file => `test/${file}`)]
  // What a mutant that is killed leaves goes with the folder.
  const env = { ...process.env, TMPDIR: folder, ...(mutation && { [mutationVariable]: JSON.stringify(mutation) }) }
  try {
    const vitest = spawn(process.execPath, args, { cwd: repository, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [vitest.stdout, vitest.stderr]) stream.on('data', text => (output += text))
    let isStuck = false
    const timer = setTimeout(
      () => {
        isStuck = true
        // With its workers, which do not hear that it has gone.
        if (vitest.pid !== undefined) process.kill(-vitest.pid, 'SIGKILL')
      },
      mutation ? mutantMs : 10 * mutantMs,
    )
    await once(vitest, 'close')
    clearTimeout(timer)
    if (isStuck) return { passed: 0, failed: 1, output }
    const { numPassedTests, numFailedTests } = JSON.parse(await readFile(report, 'utf8')) as {
      numPassedTests: number
      numFailedTests: number
    }
    return { passed: numPassedTests, failed: numFailedTests, output }
  } finally {
    await rm(folder, { recursive: true })
  }
}

test('the tests that are to notice mutations pass without one', async () => {
  const tests = [...new Set(mutations.flatMap(each => each.tests))]
  const { passed, failed, output } = await run(tests)
  expect(failed, output).toBe(0)
  expect(passed).toBeGreaterThan(mutations.length)
})

test.each(mutations.map(each => [each.wrong, each] as const))('it is noticed when %s', async (_wrong, mutation) => {
  // Tests that fail, not files that do not load any more.
  const { failed } = await run(mutation.tests, mutation)
  expect(
    failed,
    `no test of ${mutation.tests.join(', ')} fails with ${JSON.stringify(mutation.replace)} in ${mutation.file}`,
  ).toBeGreaterThan(0)
})
