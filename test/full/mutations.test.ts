import { execFile } from 'node:child_process'
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

/** Runs test files in a Vitest of their own, with a mutation or without one. */
async function run(tests: readonly string[], mutation?: Mutation): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), 'halibut-mutation-'))
  const report = join(folder, 'report.json')
  // One that fails is enough, and a mutation may make others wait for their time.
  const args = ['run', '--bail=1', '--testTimeout=8000', '--reporter=json', `--outputFile=${report}`, ...tests.map(file => `test/${file}`)]
  const env = { ...process.env, ...(mutation && { [mutationVariable]: JSON.stringify(mutation) }) }
  try {
    const output = await new Promise<string>(done => {
      const repository = resolve(import.meta.dirname, '../..')
      const vitest = join(repository, 'node_modules/vitest/vitest.mjs')
      execFile(process.execPath, [vitest, ...args], { cwd: repository, env, maxBuffer: 64 * 1024 * 1024 }, (_error, out, err) =>
        done(out + err),
      )
    })
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
