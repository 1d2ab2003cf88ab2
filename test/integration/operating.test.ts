import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { loadSettings } from '../../server/src/settings/load.ts'
import { operatingDocument } from '../scripts/operating.ts'
import { createFleet } from '../support/command-fleet.ts'
import { startCommand } from '../support/command-line.ts'

const document = readFileSync(resolve(import.meta.dirname, '../../server/OPERATING.md'), 'utf8')
const blocksOf = (language: string): string[] =>
  [...document.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, text = '']) => text)
const commands = blocksOf('sh').flatMap(block => block.trim().split('\n'))
/** Verbs that go on until a signal ends them. */
const lasting = /^(serve|demo|agent)$/

test('the tables of settings and exit codes are up to date (npm run operating writes them)', () => {
  expect(document).toBe(operatingDocument(document))
})

test('every command of OPERATING.md does what it says, against a gateway and an agent', { timeout: 120_000 }, async () => {
  await using fleet = await createFleet('listening')
  const { uri = '', thumbprint = '' } = fleet.entry
  const own = join(fleet.folder, 'settings-of-its-own.json')
  await writeFile(own, JSON.stringify({ port: 0, agentPort: 0, stateFolder: join(fleet.folder, 'another-state') }))
  const replaced: readonly (readonly [string, string])[] = [
    ['/etc/halibut-gateway/settings.json', own],
    ['/etc/halibut-gateway/token', fleet.tokenFile],
    ['/var/lib/halibut-gateway', fleet.stateFolder],
    ['https://10.0.0.5:10933/', uri],
    ['AABBCCDDEEFF00112233445566778899AABBCCDD', thumbprint],
    ['127.0.0.1:10933', '127.0.0.1:0'],
  ]
  expect(commands.length).toBeGreaterThan(10)
  for (const command of commands) {
    const text = replaced.reduce((line, [from, to]) => line.replaceAll(from, to), command)
    const [program, ...args] = [...text.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
    expect(program, command).toBe('halibut-gateway')
    const isLasting = lasting.test(args[0] ?? '')
    const more =
      args[0] === 'agent'
        ? ['--state-folder', join(fleet.folder, 'other-agent')]
        : isLasting && !text.includes('--config')
          ? ['--config', own]
          : []
    await using running = startCommand([...args, ...(isLasting ? ['--json', ...more] : [])], fleet.environment)
    if (isLasting) {
      expect(Object.keys(await running.firstJson), command).toContain('thumbprint')
      running.signal()
    }
    const { code, err } = await running.ended
    expect([code, isLasting ? '' : err], command).toEqual([0, ''])
  }
})

test('the unit is one that systemd takes, and gives calls that run the time to end', async () => {
  const [unit = ''] = blocksOf('ini')
  const stopSeconds = Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1])
  expect(stopSeconds * 1_000).toBeGreaterThan(loadSettings({ flags: [], environment: {} }).drainMs)
  // Elsewhere there is nothing that could say so.
  if (!existsSync('/usr/bin/systemd-analyze')) return
  const folder = await mkdtemp(join(tmpdir(), 'unit-'))
  try {
    const path = join(folder, 'halibut-gateway.service')
    await writeFile(path, unit.replace('/usr/bin/halibut-gateway', process.execPath))
    const { stderr } = await promisify(execFile)('/usr/bin/systemd-analyze', ['verify', path])
    expect(stderr.split('\n').filter(line => line.includes('halibut-gateway.service'))).toEqual([])
  } finally {
    await rm(folder, { recursive: true })
  }
})
