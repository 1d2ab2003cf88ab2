import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { loadSettings } from '../../server/src/settings/load.ts'
import { operatingDocument } from '../scripts/operating.ts'
import { createOperatingWorld } from '../support/operating-world.ts'

const repository = resolve(import.meta.dirname, '../..')
const document = readFileSync(join(repository, 'server/OPERATING.md'), 'utf8')
const commands = [...document.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) =>
  block.replaceAll('\\\n', '').trim().split('\n'),
)
/** What would take the ground from under the tests that run, and where it is run. */
const elsewhere: readonly (readonly [RegExp, string])[] = [
  [/^npm ci && npm run build$/, '.ci/run'],
  [/^npm (pack|install --global) /, 'test/integration/server-package.test.ts'],
]

test('what OPERATING.md shows of settings, exit codes and files is up to date (npm run operating writes it)', () => {
  expect(document).toBe(operatingDocument(document))
})

test('every command of OPERATING.md does what it says, against a gateway and its agents', { timeout: 300_000 }, async () => {
  await using world = await createOperatingWorld()
  expect(commands.length).toBeGreaterThan(20)
  for (const command of commands) {
    const [, run] = elsewhere.find(([which]) => which.test(command)) ?? []
    if (run !== undefined) {
      expect(existsSync(join(repository, run)), run).toBe(true)
      continue
    }
    const { code, err, out } = await world.run(command)
    expect([code, err, code === 0 ? '' : out], command).toEqual([0, '', ''])
  }
  // What the chapter on systemd has set up.
  const account = readFileSync(join(world.root, 'etc/passwd'), 'utf8')
  expect(account).toMatch(/^halibut-gateway:.*:\/var\/lib\/halibut-gateway:\/usr\/sbin\/nologin$/m)
})

const operations = join(repository, 'server/operations')
const unit = readFileSync(join(operations, 'halibut-gateway.service'), 'utf8')

test('the unit is one that systemd takes, may do little, and gives calls that run the time to end', async () => {
  const stopSeconds = Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1])
  expect(stopSeconds * 1_000).toBeGreaterThan(loadSettings({ flags: [], environment: {} }).drainMs)
  const analyze = '/usr/bin/systemd-analyze'
  if (!existsSync(analyze)) throw new Error(`there is no ${analyze}: install systemd, as npm test does where it may`)
  const folder = await mkdtemp(join(tmpdir(), 'unit-'))
  try {
    const path = join(folder, 'halibut-gateway.service')
    await writeFile(path, unit.replace('/usr/bin/halibut-gateway', process.execPath))
    const run = promisify(execFile)
    const { stderr } = await run(analyze, ['verify', path])
    expect(stderr.split('\n').filter(line => line.includes('halibut-gateway.service'))).toEqual([])
    // From 0, which may do nothing, to 10: what is above the threshold fails.
    await run(analyze, ['security', '--offline=yes', '--threshold=20', '--no-pager', path])
  } finally {
    await rm(folder, { recursive: true })
  }
})
