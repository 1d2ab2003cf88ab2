import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { int32, int64, method, service } from '@halibut-gateway/schemas/contract'
import { expect, test, vi } from 'vitest'
import { createClient } from '../../client-sdk/src/index.ts'
import type { LogSink } from '../../server/src/base/log.ts'
import { startGateway } from '../../server/src/cli/start.ts'
import { saveCertificateFile } from '../../server/src/runtime/certificates.ts'
import { HalibutRuntime } from '../../server/src/runtime/runtime.ts'
import { loadSettings } from '../../server/src/settings/load.ts'
import { rsaIdentity } from '../support/certificates.ts'
import { hostFlowService, type WaitingCall } from '../support/flow-service.ts'
import { nodeWebSocket } from '../support/node-websocket.ts'
import { ask } from '../support/rest.ts'
import { until } from '../support/stream-sections.ts'
import { createRuntime } from '../support/world.ts'

test('the address that is printed, the Host and the Origin are those of publicUrl, and what is no address is told before anything starts', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'halibut-start-'))
  try {
    const flags = ['--no-demo', '--port', '0', '--agent-port', '0', '--state-folder', join(folder, 'state'), '--public-url']
    const start = async (publicUrl: string) =>
      startGateway(loadSettings({ flags: [...flags, publicUrl], environment: {} }), () => undefined)
    await expect(start('gateway.example')).rejects.toThrow('--public-url: "gateway.example" is not an address')
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
    const flags = ['--no-demo', '--port', '0', '--agent-port', '0', '--state-folder', join(folder, 'state'), '--contracts', path]
    const gateway = await startGateway(loadSettings({ flags, environment: {} }), log)
    const { origin } = new URL(gateway.address)
    expect((await fetch(`${origin}/readyz`)).status).toBe(200)
    await gateway.close()
    expect(warnings).toEqual([
      `a contract: ${path}: /methods/1/params/0/type: a parameter of type int32 never binds at a .NET service: what arrives is a long`,
    ])
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('a contract file that holds something else is told with its name', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'halibut-start-'))
  try {
    const path = join(folder, 'contracts.json')
    await writeFile(path, '[]')
    const flags = ['--no-demo', '--port', '0', '--agent-port', '0', '--state-folder', join(folder, 'state'), '--contracts', path]
    const starting = startGateway(loadSettings({ flags, environment: {} }), () => undefined)
    await expect(starting).rejects.toThrow(`${path}: the document: must be an object`)
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('what an agent has to know of the gateway is logged when it starts', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'halibut-start-'))
  try {
    const told: Record<string, unknown>[] = []
    const log: LogSink = (_, message, details) => {
      if (message.startsWith('agents have to trust')) told.push({ ...details })
    }
    const flags = ['--no-demo', '--port', '0', '--agent-port', '0', '--state-folder', join(folder, 'state')]
    const gateway = await startGateway(loadSettings({ flags, environment: {} }), log)
    const port = Number(told[0]?.['port'])
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false })
    await once(socket, 'secureConnect')
    const { fingerprint } = socket.getPeerCertificate()
    socket.destroy()
    await gateway.close()
    expect(told).toEqual([{ thumbprint: fingerprint.replaceAll(':', ''), host: '127.0.0.1', port }])
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('the certificate that agents trust is that of the setting identity, with its key and its password', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'halibut-start-'))
  try {
    const certificate = await rsaIdentity()
    const path = join(folder, 'ours.pfx')
    await saveCertificateFile(certificate, path, { password: 'pass' })
    const flags = ['--no-demo', '--port', '0', '--agent-port', '0', '--state-folder', join(folder, 'state'), '--identity', path]
    const environment = { HALIBUT_GATEWAY_IDENTITY_PASSWORD: 'pass' }
    const gateway = await startGateway(loadSettings({ flags, environment }), () => undefined)
    await gateway.close()
    expect(gateway.thumbprint).toBe(certificate.thumbprint)
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('an agent of the file whose id a stored one has is an error, and not dropped', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'halibut-start-'))
  try {
    const agent = { id: 'web-1', uri: 'poll://web-1/', thumbprint: 'A'.repeat(40) }
    await mkdir(join(folder, 'state'))
    await writeFile(join(folder, 'state/state.json'), JSON.stringify({ version: 1, agents: [agent] }))
    const path = join(folder, 'settings.json')
    const others = { ...agent, uri: 'poll://web-2/' }
    await writeFile(path, JSON.stringify({ port: 0, agentPort: 0, stateFolder: join(folder, 'state'), agents: [others] }))
    const starting = startGateway(loadSettings({ flags: ['--config', path], environment: {} }), () => undefined)
    await expect(starting).rejects.toMatchObject({
      message: 'an agent web-1 stands in the settings file, and another one is stored',
      advice: 'give the one of the file another id, or take it out of the file',
    })
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('an address that is not of this machine is told with the one that means all', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'halibut-start-'))
  try {
    const flags = ['--no-demo', '--host', '192.0.2.1', '--agent-port', '0', '--state-folder', folder]
    await expect(startGateway(loadSettings({ flags, environment: {} }), () => undefined)).rejects.toMatchObject({
      advice: 'choose an address of this machine, or 0.0.0.0 for all',
    })
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('a gateway that is stopped is not ready, answers the call that runs, and has ended then', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'halibut-start-'))
  await using agent = createRuntime('agent', { onUnauthorised: () => 'trust_and_allow' })
  const waiting: WaitingCall[] = []
  hostFlowService(agent, call => waiting.push(call))
  const { port } = await agent.listen({ host: '127.0.0.1' })
  try {
    const path = join(folder, 'settings.json')
    const agents = [{ id: 'web-1', uri: `https://127.0.0.1:${port}/`, thumbprint: agent.thumbprint }]
    const settings = { demo: false, port: 0, agentPort: 0, stateFolder: join(folder, 'state'), drainMs: 600_000, agents }
    await writeFile(path, JSON.stringify(settings))
    const gateway = await startGateway(loadSettings({ flags: ['--config', path], environment: {} }), () => undefined)
    const { origin, hash } = new URL(gateway.address)
    await using client = createClient({ url: origin, token: hash.slice('#token='.length), webSocket: nodeWebSocket })
    const call = client.agent('web-1').invoke('IFlowService', 'Wait', [])
    await until(() => waiting.length === 1)
    const closed = gateway.close()
    expect([(await fetch(`${origin}/readyz`)).status, (await fetch(`${origin}/livez`)).status]).toEqual([503, 200])
    waiting[0]?.finish()
    expect((await call).value).toBe('done')
    await closed
    await expect(fetch(`${origin}/livez`)).rejects.toThrow()
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('agents and rules of the settings are there with their tags, marked as read-only, and cannot be changed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'halibut-start-'))
  try {
    const path = join(folder, 'settings.json')
    const agents = [{ id: 'web-1', uri: 'poll://web-1/', thumbprint: 'A'.repeat(40), tags: ['role=web'] }]
    const rule = { name: 'web', who: ['ci'], agents: ['tag:role=web'], services: [] }
    await writeFile(path, JSON.stringify({ port: 0, agentPort: 0, stateFolder: join(folder, 'state'), agents, rules: { rules: [rule] } }))
    const gateway = await startGateway(loadSettings({ flags: ['--config', path], environment: {} }), () => undefined)
    try {
      const { origin, hash } = new URL(gateway.address)
      await using client = createClient({ url: origin, token: hash.slice('#token='.length), webSocket: nodeWebSocket })
      expect(await client.request('agents.get', { agent: 'web-1' })).toMatchObject({ agent: { tags: ['role=web'], readOnly: true } })
      expect((await client.request('agents.list', { tag: 'role=web' })).agents).toHaveLength(1)
      await expect(client.request('agents.update', { agent: 'web-1', version: '*', tags: [] })).rejects.toMatchObject({
        message: 'the agent web-1 stands in the settings, and cannot be changed while the gateway runs',
      })
      expect(await client.request('rules.get', {})).toMatchObject({ rules: { document: { rules: [] }, readOnly: [rule] } })
      const set = (rules: object[]) => client.request('rules.set', { version: '*', document: { rules } as never })
      await expect(set([{ ...rule, agents: ['*'] }])).rejects.toThrow('a rule of the settings has the name "web" already')
      expect(await set([{ ...rule, name: 'more' }])).toMatchObject({ rules: { document: { rules: [{ name: 'more' }] }, readOnly: [rule] } })
    } finally {
      await gateway.close()
    }
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('an agent that is known, and comes as soon as a port is open, is connected from then on', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'halibut-start-'))
  await using agent = createRuntime('web-1', { onUnauthorised: () => 'trust_and_allow' })
  const { listen } = HalibutRuntime.prototype
  const listening = vi.spyOn(HalibutRuntime.prototype, 'listen').mockImplementation(async function (this: HalibutRuntime, options) {
    const port = await listen.call(this, options)
    const connected = new Promise<void>(resolve => this.on('subscriberConnected', () => resolve()))
    agent.poll({ subscription: 'poll://web-1/', endpoint: { uri: `https://127.0.0.1:${port.port}/`, thumbprint: this.thumbprint } })
    // Before whoever opens the port does anything else.
    await connected
    return port
  })
  try {
    const path = join(folder, 'settings.json')
    const agents = [{ id: 'web-1', uri: 'poll://web-1/', thumbprint: agent.thumbprint }]
    await writeFile(path, JSON.stringify({ port: 0, agentPort: 0, stateFolder: join(folder, 'state'), agents }))
    const lines: string[] = []
    const gateway = await startGateway(loadSettings({ flags: ['--config', path], environment: {} }), (_, message) => lines.push(message))
    try {
      const { origin, hash } = new URL(gateway.address)
      const { body } = await ask({ origin, token: hash.slice('#token='.length) }, 'GET /agents/web-1')
      expect(body).toMatchObject({ agent: { state: 'connected', connections: 1 } })
      expect(lines.filter(line => line.startsWith('agent '))).toEqual(['agent connected'])
    } finally {
      await gateway.close()
    }
  } finally {
    listening.mockRestore()
    await rm(folder, { recursive: true })
  }
})
