import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createClient } from '../../client-sdk/src/index.ts'
import { startGateway } from '../../server/src/cli/start.ts'
import { loadSettings } from '../../server/src/settings/load.ts'
import { createTestCertificate, testIdentity } from '../support/certificates.ts'
import { runCommand } from '../support/command-line.ts'
import { createGatewayWorld } from '../support/gateway.ts'
import { nodeWebSocket } from '../support/node-websocket.ts'
import { listenRaw } from '../support/raw-peer.ts'
import { ask } from '../support/rest.ts'
import { tcpServer } from '../support/tcp-server.ts'
import { createRuntime, echo } from '../support/world.ts'

type Report = {
  readonly agent: string
  readonly uri: string
  readonly isHealthy: boolean
  readonly steps: readonly { readonly step: string; readonly outcome: string; readonly fault?: string; readonly fix?: string }[]
}

/** A gateway as `serve` starts it, without agents. */
async function createServed() {
  const folder = await mkdtemp(join(tmpdir(), 'doctor-'))
  const flags = ['--port', '0', '--agent-port', '0', '--state-folder', folder]
  const gateway = await startGateway(loadSettings({ flags, environment: {} }), () => undefined)
  const { origin, hash } = new URL(gateway.address)
  const token = hash.slice('#token='.length)
  const world = { origin, token }
  return {
    world,
    thumbprint: gateway.thumbprint,
    agentAddress: gateway.agentAddress,
    add: async (agent: string, uri: string, thumbprint: string): Promise<void> => {
      expect(await ask(world, 'POST /agents', { agent, uri, thumbprint })).toMatchObject({ status: 201 })
    },
    doctor: async (agent: string, body: object = {}): Promise<Report> => {
      const answer = await ask(world, `POST /agents/${agent}/doctor`, body)
      expect(answer).toMatchObject({ status: 200 })
      return (answer.body as { report: Report }).report
    },
    async [Symbol.asyncDispose]() {
      await gateway.close()
      await rm(folder, { recursive: true })
    },
  }
}

const failedStep = ({ steps }: Report) => {
  const { step, fault, fix } = steps.find(({ outcome }) => outcome === 'failed') ?? {}
  return [step, fault, fix]
}

test('over HTTP the doctor names one fix for each of fourteen faults, of agents that listen and of agents that poll', {
  timeout: 60_000,
}, async () => {
  await using served = await createServed()
  const pinned = testIdentity('agent')
  const closedPort = await (async () => {
    await using server = await tcpServer(() => undefined)
    return server.port
  })()
  await using silent = await tcpServer(socket => socket.resume())
  await using web = await tcpServer(socket => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')))
  await using cutting = await tcpServer(socket => socket.once('data', () => socket.destroy()))
  await using other = await listenRaw({ certificate: testIdentity('other') })
  await using proxied = await listenRaw({ certificate: createTestCertificate({ commonName: 'agent.example', issuer: 'Inspecting Proxy' }) })
  await using hanging = await listenRaw({ certificate: pinned, onConnection: () => undefined })
  await using stranger = await listenRaw({
    certificate: pinned,
    onConnection: async peer => {
      await peer.readUntil('MX').catch(() => undefined)
      await peer.write('HTTP/1.1 400 Bad Request\r\n\r\n').catch(() => undefined)
      peer.end()
    },
  })
  await using distrusting = createRuntime('agent', { trust: [] })
  const { port: distrustingPort } = await distrusting.listen({ host: '127.0.0.1' })
  await using well = createRuntime('agent', { trust: [served.thumbprint] })
  well.addService(echo, { SayHello: name => name })
  const { port: wellPort } = await well.listen({ host: '127.0.0.1' })
  const ownPort = Number(new URL(served.agentAddress).port)

  const faults: readonly (readonly [string, number, string, string])[] = [
    ['refused', closedPort, 'tcp', 'refused'],
    ['silent', silent.port, 'tls', 'tls_silent'],
    ['web', web.port, 'tls', 'not_tls'],
    ['cutting', cutting.port, 'tls', 'tls_broken_off'],
    ['itself', ownPort, 'certificate', 'own_certificate'],
    ['other', other.port, 'trust', 'certificate_changed'],
    ['proxied', proxied.port, 'trust', 'intercepted'],
    ['distrusting', distrustingPort, 'identify', 'not_trusted'],
    ['stranger', stranger.port, 'identify', 'not_an_agent'],
    ['hanging', hanging.port, 'identify', 'identify_silent'],
  ]
  for (const [agent, port, step, fault] of faults) {
    await served.add(agent, `https://127.0.0.1:${port}/`, pinned.thumbprint)
    // Who waits for an answer that never comes waits the whole time; all others have as much as they need.
    const timeoutMs = fault.endsWith('_silent') ? 300 : 20_000
    expect([agent, ...failedStep(await served.doctor(agent, { timeoutMs }))]).toEqual([agent, step, fault, expect.stringMatching(/^[a-z]/)])
  }

  await served.add('well', `https://localhost:${wellPort}/`, pinned.thumbprint)
  expect(await served.doctor('well')).toMatchObject({ agent: 'well', isHealthy: true, uri: `https://localhost:${wellPort}/` })
  expect(await ask(served.world, `POST /trust/certificates/${pinned.thumbprint}/revoke`)).toMatchObject({ status: 200 })
  expect(failedStep(await served.doctor('well'))).toEqual(['trust', 'revoked', expect.stringContaining(pinned.thumbprint)])

  const poller = testIdentity('poller')
  await served.add('poller', 'poll://poller/', poller.thumbprint)
  expect(failedStep(await served.doctor('poller'))).toEqual(['connection', 'port_here_only', expect.stringContaining('set agentHost')])
  await using machine = createRuntime('another certificate', { trust: [served.thumbprint] })
  machine.poll({ subscription: 'poll://poller/', endpoint: { uri: served.agentAddress, thumbprint: served.thumbprint } })
  await using client = createClient({ url: served.world.origin, token: served.world.token, webSocket: nodeWebSocket })
  const isPending = async () => (await client.request('trust.pending', {})).pending.length > 0
  for (let i = 0; i < 10_000 && !(await isPending()); i++) await new Promise(resolve => setImmediate(resolve))
  expect(failedStep(await served.doctor('poller'))).toEqual([
    'knocks',
    'knock_refused',
    expect.stringContaining('replace the agent poller'),
  ])
  expect(await ask(served.world, 'POST /agents/poller/disable', {})).toMatchObject({ status: 200 })
  expect(failedStep(await served.doctor('poller'))).toEqual(['registration', 'disabled', 'enable the agent poller'])
  expect(await ask(served.world, 'POST /agents/nobody/doctor', {})).toMatchObject({ status: 404, body: { kind: 'agent_not_found' } })
})

test('the doctor of the command line asks the gateway about an agent by its id', async () => {
  await using served = await createServed()
  const { origin, token } = served.world
  const environment = { HALIBUT_GATEWAY_URL: origin, HALIBUT_GATEWAY_TOKEN: token }
  await served.add('web-2', 'poll://web-2/', testIdentity('poller').thumbprint)
  const asked = await runCommand(['doctor', 'web-2'], environment)
  expect(asked).toMatchObject({ code: 10, err: '' })
  expect(asked.out).toMatch(/^ok +registration .*\n(ok .*\n){3}FAILED +connection .*\n +do +set agentHost to .*\n- +call .*\n$/)
  const json = await runCommand(['doctor', 'web-2', '--json'], environment)
  expect([json.code, JSON.parse(json.out)]).toEqual([10, expect.objectContaining({ agent: 'web-2', isHealthy: false })])
  expect(await runCommand(['doctor', 'nobody'], environment)).toMatchObject({ code: 6 })
  for (const unfit of [
    ['--thumbprint', 'A'.repeat(40)],
    ['--proxy', 'proxy.example:3128'],
    ['--port', '1'],
  ])
    expect(await runCommand(['doctor', 'web-2', ...unfit], environment)).toMatchObject({
      code: 2,
      err: expect.stringContaining('is for an address'),
    })
})

test('over the socket each step is an item before the answer, and it is for admins alone', async () => {
  await using world = await createGatewayWorld()
  const admin = await world.open()
  admin.send({ jsonrpc: '2.0', id: 'd', method: 'agents.doctor', params: { agent: 'a1' } })
  const steps: unknown[] = []
  for (;;) {
    const told = await admin.next()
    if ('method' in told) steps.push(told.params['item'])
    else {
      expect(told).toMatchObject({ id: 'd', result: { report: { agent: 'a1', isHealthy: false, steps } } })
      break
    }
  }
  expect(steps).toMatchObject([{ step: 'dns' }, { step: 'tcp', fault: 'refused' }, ...Array(5).fill({ outcome: 'skipped' })])
  for (const role of ['viewer', 'operator']) {
    expect(await (await world.open(role)).ask(1, 'agents.doctor', { agent: 'a1' })).toMatchObject({
      error: { data: { kind: 'forbidden' } },
    })
    expect(await ask({ ...world, token: role }, 'POST /agents/a1/doctor', {})).toMatchObject({ status: 403 })
  }
})

test('a client reads the steps one by one as they are taken, and the loop ends with the last', async () => {
  await using world = await createGatewayWorld()
  await using client = createClient({ url: world.origin, token: world.token, webSocket: nodeWebSocket })
  const steps: string[] = []
  for await (const { step, outcome } of client.watch('agents.doctor', { params: { agent: 'a1' } })) steps.push(`${step} ${outcome}`)
  expect(steps.slice(0, 3)).toEqual(['dns passed', 'tcp failed', 'tls skipped'])
  expect(steps).toHaveLength(7)
  const nobody = client.watch('agents.doctor', { params: { agent: 'nobody' } })
  await expect(nobody.next()).rejects.toMatchObject({ kind: 'agent_not_found' })
})
