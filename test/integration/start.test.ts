import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { int32, int64, method, service } from '@halibut-gateway/schemas/contract'
import { expect, test } from 'vitest'
import type { LogSink } from '../../server/src/base/log.ts'
import { startGateway } from '../../server/src/cli/start.ts'
import { loadSettings } from '../../server/src/config.ts'

test('the address that is printed, the Host and the Origin are those of publicUrl, and what is no address is told before anything starts', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'halibut-start-'))
  try {
    const flags = ['--no-demo', '--port', '0', '--state-folder', join(folder, 'state'), '--public-url']
    const start = (publicUrl: string) => startGateway(loadSettings({ flags: [...flags, publicUrl], environment: {} }), () => undefined)
    await expect(start('gateway.example')).rejects.toThrow('publicUrl: "gateway.example" is not an address')
    const gateway = await start('https://gateway.example/gw')
    await gateway.close()
    expect(gateway.address).toMatch(/^https:\/\/gateway\.example\/gw\/#token=hgw_/)
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('what a .NET agent could not take in a contract is logged when the gateway starts, with its place', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'halibut-start-'))
  try {
    const path = join(folder, 'contract.json')
    const counter = service('ICounter', { Add: method([['much', int64]], int64), Set: method([['to', int32]], int64) })
    await writeFile(path, JSON.stringify(counter))
    const warnings: string[] = []
    const log: LogSink = (level, message) => {
      if (level === 'warn') warnings.push(message)
    }
    const flags = ['--no-demo', '--port', '0', '--state-folder', join(folder, 'state'), '--contracts', path]
    const gateway = await startGateway(loadSettings({ flags, environment: {} }), log)
    const { origin } = new URL(gateway.address)
    expect((await fetch(`${origin}/readyz`)).status).toBe(200)
    await gateway.close()
    expect(warnings).toEqual([
      `${path}: /methods/1/params/0/type: a parameter of type int32 never binds at a .NET service: what arrives is a long`,
    ])
  } finally {
    await rm(folder, { recursive: true })
  }
})
