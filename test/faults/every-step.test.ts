import { describe, expect, test } from 'vitest'
import { type Step, steps } from '../../server/src/exchange/states.ts'
import { testIdentity } from '../support/certificates.ts'
import type { RawPeer } from '../support/raw-peer.ts'
import { dialRaw } from '../support/raw-peer.ts'
import {
  answerRequest,
  openAsAcceptor,
  openAsSubscriber,
  readExchangeMessage,
  responseMessage,
  serveRequests,
  serverIdentity,
} from '../support/scripted-halibut.ts'
import { until } from '../support/stream-sections.ts'
import { createRuntime, createScriptedAgent, echo, failureOf } from '../support/world.ts'

/** What goes wrong, at the moment when the agent should speak. */
const faults: Readonly<Record<string, (peer: RawPeer, due: Buffer) => Promise<void>>> = {
  drop: async peer => peer.end(),
  reset: async peer => peer.reset(),
  stall: async () => {},
  'cut in the middle': async (peer, due) => {
    await peer.write(due.subarray(0, due.length >> 1))
    peer.end()
  },
  'one flipped byte': async (peer, due) => {
    const flipped = Buffer.from(due)
    flipped[0] = (flipped[0] ?? 0) ^ 0xff
    await peer.write(flipped)
    peer.end()
  },
}

/** A peer that says nothing is given up after this time. */
const impatient = {
  tcpClientReceiveTimeoutMs: 150,
  tcpClientReceiveResponseTimeoutMs: 150,
  tcpClientHeartbeatReceiveTimeoutMs: 150,
}

/** Plays a listening agent that fails at `step`, and tells whether it has read a request whose answer never left. */
async function failAt(step: Step, peer: RawPeer, fault: (peer: RawPeer, due: Buffer) => Promise<void>): Promise<void> {
  if (step === 'identify') {
    await peer.readUntil('\r\n\r\n')
    return fault(peer, Buffer.from(serverIdentity))
  }
  await openAsAcceptor(peer)
  if (step === 'request') {
    // It fails before it has read all of the request.
    await peer.readExactly(1)
    return fault(peer, responseMessage('nobody', 'nothing'))
  }
  if (step === 'response') {
    const request = await readExchangeMessage(peer)
    return fault(peer, responseMessage(String(request['id']), 'ok'))
  }
  await answerRequest(peer)
  if (step === 'idle') return fault(peer, Buffer.from('END\r\n'))
  await peer.readUntil('NEXT\r\n')
  return fault(peer, Buffer.from('PROCEED\r\n'))
}

describe.each(steps)('a listening agent fails at step %s', step => {
  test.each(Object.entries(faults))('%s', async (_, fault) => {
    let connections = 0
    await using agent = await createScriptedAgent({
      limits: { ...impatient, retryListeningSleepIntervalMs: 1 },
      script: async peer => {
        if (++connections === 1) return failAt(step, peer, fault)
        return serveRequests(peer)
      },
    })
    if (step === 'request' || step === 'response') {
      // A byte of the request has left, so the error must say that it may have run, and nothing is sent twice.
      const why = await failureOf(agent.sayHello())
      expect(why.delivery).toBe('unknown')
      expect(['connection_lost', 'io_timeout', 'protocol_error', 'serialization_failed']).toContain(why.kind)
      expect(connections).toBe(1)
    }
    // What failed before a request could begin is repeated on a new connection without anybody noticing.
    expect(await agent.sayHello()).toBe('ok')
    expect(await agent.sayHello()).toBe('ok')
    expect(connections).toBe(2)
  })
})

describe.each(steps)('a polling agent fails at step %s', step => {
  test.each(Object.entries(faults))('%s', async (name, fault) => {
    const certificate = testIdentity('agent')
    await using client = createRuntime('client', {
      trust: [certificate.thumbprint],
      limits: { ...impatient, pollingQueueWaitTimeoutMs: 50, acceptTimeoutMs: 150 },
    })
    const { port } = await client.listen({ host: '127.0.0.1' })
    const call = (): Promise<unknown> =>
      client.call({
        endpoint: { uri: 'poll://agent/', thumbprint: certificate.thumbprint },
        contract: echo,
        service: echo.service,
        method: 'SayHello',
        args: ['Paul'],
        queueTimeoutMs: 20_000,
      })
    await using broken = await dialRaw(port, { certificate })
    const first = call()
    const outcome = first.then(
      value => ({ value, error: undefined }),
      (error: unknown) => ({ value: undefined, error }),
    )
    if (step === 'identify') await fault(broken, Buffer.from('MX\r\n\r\nMX-SUBSCRIBER 1.0 poll://agent/\r\n\r\n'))
    else {
      await openAsSubscriber(broken, 'poll://agent/')
      if (step === 'request') {
        await broken.readExactly(1)
        await fault(broken, responseMessage('nobody', 'nothing'))
      } else {
        const request = await readExchangeMessage(broken)
        const answer = responseMessage(String(request['id']), 'ok')
        if (step === 'response') await fault(broken, answer)
        else {
          await broken.write(answer)
          if (step === 'ready') await broken.readUntil('PROCEED\r\n')
          await fault(broken, Buffer.from('NEXT\r\n'))
        }
      }
    }
    if (step === 'request' || step === 'response') {
      const { error } = await outcome
      expect(error, name).toMatchObject({ name: 'HalibutError', delivery: 'unknown' })
    } else if (step !== 'identify') expect(await outcome).toEqual({ value: 'ok', error: undefined })

    await until(() => client.subscribers().length === 0)
    // An honest agent that calls in gets what waits.
    const next = step === 'identify' ? first : call()
    await using honest = await dialRaw(port, { certificate })
    await openAsSubscriber(honest, 'poll://agent/')
    await answerRequest(honest)
    expect(await next).toBe('ok')
  })
})
