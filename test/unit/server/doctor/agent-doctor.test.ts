import { hostname } from 'node:os'
import { describe, expect, test } from 'vitest'
import { silentLog } from '../../../../server/src/base/log.ts'
import { AgentDoctor } from '../../../../server/src/doctor/agent-doctor.ts'
import type { DoctorReport, DoctorStep } from '../../../../server/src/doctor/examination.ts'
import { pollingStepNames } from '../../../../server/src/doctor/polling-steps.ts'
import { AgentManager } from '../../../../server/src/fleet/agent-manager.ts'
import { Trust } from '../../../../server/src/fleet/trust.ts'
import type { HalibutRuntime } from '../../../../server/src/runtime/runtime.ts'
import { testIdentity } from '../../../support/certificates.ts'
import { createInstantStore } from '../../../support/instant-store.ts'
import { tcpServer } from '../../../support/tcp-server.ts'
import { createRuntime, echo } from '../../../support/world.ts'

const ours = testIdentity('gateway')
const theirs = testIdentity('agent')
const uri = 'poll://web-2/'

/** A gateway’s runtime that knows one agent, web-2, which polls, and a doctor. */
async function createPolled() {
  const runtime: HalibutRuntime = createRuntime('gateway', { authoriseSubscriber: candidate => trust.mayPoll(candidate) })
  const manager = new AgentManager({ mesh: runtime })
  const trust = new Trust({ mesh: runtime, agents: manager, records: createInstantStore(), own: ours, log: silentLog })
  trust.start()
  manager.start()
  await manager.add({ id: 'web-2', uri, thumbprint: theirs.thumbprint })
  const { port } = await runtime.listen({ host: '127.0.0.1' })
  const place = { host: '127.0.0.1', port }
  const agents: HalibutRuntime[] = []
  const doctorOf = (own: { host: string; port: number } = place) =>
    new AgentDoctor({
      mesh: runtime,
      directory: manager.directory,
      trust,
      certificate: () => ours,
      port: () => ({ ...own, thumbprint: ours.thumbprint }),
    })
  return {
    runtime,
    manager,
    trust,
    port,
    examine: (own?: { host: string; port: number }, onStep?: (step: DoctorStep) => void) =>
      doctorOf(own).examine('web-2', { timeoutMs: 2_000, onStep }),
    /** Lets somebody with the certificate of that name poll as web-2, and waits until it was let in, or refused. */
    poll: async (name: string) => {
      const seen = new Promise<void>(resolve => {
        const stops = [runtime.on('subscriberConnected', () => done()), trust.pending.onChange(() => done())]
        const done = (): void => {
          for (const stop of stops) stop()
          resolve()
        }
      })
      const agent = createRuntime(name, { trust: [ours.thumbprint] })
      agent.addService(echo, { SayHello: text => text })
      agent.poll({ subscription: uri, endpoint: { uri: `https://127.0.0.1:${port}/`, thumbprint: ours.thumbprint } })
      agents.push(agent)
      await seen
      return agent
    },
    async [Symbol.asyncDispose]() {
      for (const agent of agents) await agent.close()
      trust.close()
      manager.close()
      await runtime.close()
    },
  }
}

/** The step that failed, all before it having passed and none after it having been taken, with its fault and its fix. */
function failureOf({ isHealthy, steps }: DoctorReport) {
  expect(isHealthy).toBe(false)
  const at = steps.findIndex(({ outcome }) => outcome === 'failed')
  expect(steps.map(({ step, outcome }) => [step, outcome])).toEqual(
    pollingStepNames.map((step, i) => [step, i < at ? 'passed' : i === at ? 'failed' : 'skipped']),
  )
  const { step, fault, fix } = steps[at] ?? {}
  return { step, fault, fix }
}

describe('of an agent that polls the doctor', () => {
  test('finds nothing wrong where it is there and takes calls, and tells each step when it is done', async () => {
    await using polled = await createPolled()
    await polled.poll('agent')
    const seen: string[] = []
    const report = await polled.examine(undefined, ({ step }) => void seen.push(step))
    expect([report.isHealthy, report.uri, seen]).toEqual([true, uri, [...pollingStepNames]])
    expect(report.steps.map(({ found }) => found.replaceAll(/\d{4}-\S+Z/g, 'T'))).toEqual([
      `web-2 polls as poll://web-2/ with the certificate ${theirs.thumbprint}`,
      `127.0.0.1:${polled.port} takes connections, and presents ${ours.thumbprint}`,
      'its certificate is trusted',
      'nobody is refused in its name, or with its certificate',
      'it has one connection, connected since T',
      'it answers calls (a service that no agent has was asked for)',
    ])
  })

  test('takes itself for no agent that knocks', async () => {
    await using polled = await createPolled()
    await polled.poll('agent')
    await polled.examine()
    expect(polled.trust.pending.size).toBe(0)
  })

  test('says that it is disabled', async () => {
    await using polled = await createPolled()
    await polled.manager.edit('web-2', before => ({ ...before, disabled: true, disabledReason: 'it is being moved' }))
    expect(failureOf(await polled.examine())).toEqual({ step: 'registration', fault: 'disabled', fix: 'enable the agent web-2' })
  })

  test('says that our own port does not answer, or is another one’s', async () => {
    await using polled = await createPolled()
    const { port } = polled
    await using silent = await tcpServer(socket => socket.destroy())
    const own = { host: '127.0.0.1', port: silent.port }
    expect(failureOf(await polled.examine(own))).toEqual({
      step: 'port',
      fault: 'port_silent',
      fix: `start this gateway anew: its own port for polling agents, 127.0.0.1:${silent.port}, does not answer`,
    })
    await using other = createRuntime('other')
    const { port: theirPort } = await other.listen({ host: '127.0.0.1' })
    expect(theirPort).not.toBe(port)
    expect(failureOf(await polled.examine({ host: '127.0.0.1', port: theirPort }))).toMatchObject({ step: 'port', fault: 'port_silent' })
  })

  test('says that its certificate was revoked', async () => {
    await using polled = await createPolled()
    await polled.trust.revoke(theirs.thumbprint, 'test')
    expect(failureOf(await polled.examine())).toMatchObject({ step: 'trust', fault: 'revoked' })
  })

  test('says who is refused in its name, and what to decide', async () => {
    await using polled = await createPolled()
    await polled.poll('new certificate')
    const { steps } = await polled.examine()
    const knock = steps.find(({ step }) => step === 'knocks')
    expect(knock).toMatchObject({
      outcome: 'failed',
      fault: 'knock_refused',
      fix: expect.stringContaining('then replace the agent web-2 with it'),
    })
    expect(knock?.found).toContain(testIdentity('new certificate').thumbprint)
  })

  test('does not take somebody else who knocks in its name for it, where it is there', async () => {
    await using polled = await createPolled()
    await polled.poll('agent')
    await polled.poll('another machine')
    const { isHealthy, steps } = await polled.examine()
    expect(isHealthy).toBe(true)
    expect(steps.find(({ step }) => step === 'knocks')?.found).toContain('another machine uses its name')
  })

  test('says what an agent that never came has to be told, and whether it could come at all', async () => {
    await using polled = await createPolled()
    const { port } = polled
    expect(failureOf(await polled.examine())).toEqual({
      step: 'connection',
      fault: 'port_here_only',
      fix: `set agentHost to 0.0.0.0, or to an address of this machine: at 127.0.0.1:${port} none but the agents of this machine reach it`,
    })
    // What means all addresses is gone to by one that means this machine.
    expect(failureOf(await polled.examine({ host: '0.0.0.0', port }))).toEqual({
      step: 'connection',
      fault: 'never_came',
      fix: `let the agent poll https://${hostname()}:${port}/ as poll://web-2/, and trust the thumbprint of this gateway, ${ours.thumbprint}`,
    })
  })

  test('says since when one is gone that was there', async () => {
    await using polled = await createPolled()
    const agent = await polled.poll('agent')
    const gone = new Promise<void>(resolve => void polled.runtime.on('subscriberDisconnected', () => resolve()))
    await agent.close()
    await gone
    const report = await polled.examine()
    expect(failureOf(report)).toMatchObject({
      step: 'connection',
      fault: 'gone',
      fix: expect.stringContaining('start the agent web-2 on its machine'),
    })
    expect(report.steps[4]?.found).toMatch(/^it is away since \d{4}-.*, and was here on \d{4}-\d\d-\d\d or later$/)
  })
})

test('of an agent that listens the doctor goes the way to it, with what the gateway knows of its certificate', async () => {
  await using polled = await createPolled()
  await using agent = createRuntime('listening', { trust: [ours.thumbprint] })
  agent.addService(echo, { SayHello: text => text })
  const { port } = await agent.listen({ host: '127.0.0.1' })
  const { manager, trust, runtime } = polled
  await manager.add({ id: 'web-1', uri: `https://127.0.0.1:${port}/`, thumbprint: agent.thumbprint })
  const doctor = new AgentDoctor({ mesh: runtime, directory: manager.directory, trust, certificate: () => ours })
  expect(await doctor.examine('web-1')).toMatchObject({ isHealthy: true, uri: `https://127.0.0.1:${port}/` })
  await trust.revoke(agent.thumbprint, 'test')
  expect(await doctor.examine('web-1')).toMatchObject({
    isHealthy: false,
    steps: expect.arrayContaining([expect.objectContaining({ fault: 'revoked' })]),
  })
  await expect(doctor.examine('nobody')).rejects.toMatchObject({ kind: 'agent_not_found' })
  await expect(doctor.examine('web-2')).rejects.toThrow('this gateway has no port for agents that do')
})
