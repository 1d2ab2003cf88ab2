import { dataStream, int64, method, service } from '@halibut-gateway/schemas/contract'
import { describe, expect, test } from 'vitest'
import { HalibutError } from '../../server/src/base/errors.ts'
import type { Limits } from '../../server/src/base/limits.ts'
import { DataStream } from '../../server/src/codec/data-stream.ts'
import { type Step, steps } from '../../server/src/exchange/states.ts'
import { testIdentity } from '../support/certificates.ts'
import { faultRelay, type RelayFault, relayFaults } from '../support/fault-relay.ts'
import { generatedBytes } from '../support/sample-services.ts'
import { until } from '../support/stream-sections.ts'
import { createRuntime } from '../support/world.ts'

const journalService = service('IJournalService', {
  Note: method([['entry', int64]], int64),
  /** Gives the content back. */
  Copy: method(
    [
      ['entry', int64],
      ['content', dataStream],
    ],
    dataStream,
  ),
})

const limits: Partial<Limits> = {
  tcpClientReceiveTimeoutMs: 500,
  tcpClientReceiveResponseTimeoutMs: 500,
  tcpClientHeartbeatReceiveTimeoutMs: 500,
  tcpClientReceiveRequestTimeoutForPollingMs: 2_000,
  pollingQueueWaitTimeoutMs: 1_000,
  acceptTimeoutMs: 500,
}

const content = generatedBytes(300_000)

/** What the error of a call may be; a flipped byte may turn into anything that a peer may say. */
const kindsOf: Readonly<Record<Exclude<RelayFault, 'flip'>, readonly string[]>> = {
  drop: ['connection_lost', 'identify_failed', 'stream_failed'],
  reset: ['connection_lost', 'identify_failed', 'stream_failed'],
  stall: ['io_timeout', 'connection_lost', 'stream_failed'],
  cut: ['connection_lost', 'identify_failed', 'stream_failed', 'protocol_error'],
}

interface Outcome {
  readonly entry: number
  readonly error: HalibutError | undefined
}

/** Calls through a connection that breaks once; the agent notes what it runs. */
async function callThroughFault(mode: 'listening' | 'polling', step: Step, fault: RelayFault, streaming: boolean): Promise<void> {
  const journal = new Map<number, number>()
  await using client = createRuntime('client', { limits })
  await using agent = createRuntime('agent', { limits })
  client.trust(agent.thumbprint)
  agent.trust(client.thumbprint)
  const note = (entry: bigint): void => void journal.set(Number(entry), (journal.get(Number(entry)) ?? 0) + 1)
  agent.addService(journalService, {
    Note(entry) {
      note(entry)
      return entry
    },
    async Copy(entry, given) {
      note(entry)
      return DataStream.fromBytes(await given.bytes())
    },
  })
  const polls = mode === 'polling'
  const { port } = await (polls ? client : agent).listen({ host: '127.0.0.1' })
  await using relay = await faultRelay({
    mode,
    targetPort: port,
    dialler: testIdentity(polls ? 'agent' : 'client'),
    acceptor: testIdentity(polls ? 'client' : 'agent'),
    step,
    fault,
    // The message is in the first pieces, so this is inside the data stream.
    piece: streaming && (step === 'request' || step === 'response') ? 4 : 1,
  })
  const relayUri = `https://127.0.0.1:${relay.port}/`
  if (polls) agent.poll({ subscription: 'poll://journal/', endpoint: { uri: relayUri, thumbprint: client.thumbprint } })
  const proxy = client.createClient(journalService, { uri: polls ? 'poll://journal/' : relayUri, thumbprint: agent.thumbprint })

  let endings = 0
  async function call(entry: number): Promise<Outcome> {
    try {
      if (streaming) {
        const received = await (await proxy.Copy(entry, DataStream.fromBytes(content))).bytes()
        // Nothing but TLS protects the content, and the relay is inside of it.
        if (fault !== 'flip') expect(received.equals(content)).toBe(true)
      } else await proxy.Note(entry)
      return { entry, error: undefined }
    } catch (why) {
      if (!(why instanceof HalibutError)) throw why
      return { entry, error: why }
    } finally {
      endings++
    }
  }

  const outcomes: Outcome[] = []
  for (let entry = 0; entry < 4 && !(relay.struck && outcomes.at(-1)?.error === undefined); entry++) outcomes.push(await call(entry))
  expect(relay.struck).toBe(true)
  expect(outcomes.at(-1)?.error, 'a call after the fault').toBeUndefined()
  expect(endings).toBe(outcomes.length)
  // One connection broke, so one call may have failed.
  expect(outcomes.filter(({ error }) => error !== undefined).length).toBeLessThanOrEqual(1)
  const flippedEntry = fault === 'flip' && step === 'request'
  for (const { entry, error } of outcomes) {
    if (flippedEntry && !journal.has(entry)) continue
    if (error === undefined) expect(journal.get(entry), `call ${entry} was answered`).toBe(1)
    else if (error.delivery === 'not_sent') expect(journal.has(entry), `call ${entry}: ${error.message}`).toBe(false)
    else if (error.delivery === 'executed') expect(journal.get(entry), `call ${entry}: ${error.message}`).toBe(1)
    if (error === undefined) continue
    expect(error.phase).toBeDefined()
    expect(error.endpoint).toBeDefined()
    if (fault !== 'flip') expect(kindsOf[fault]).toContain(error.kind)
    // A request that was under way is never said to be unsent.
    if (step === 'request' || step === 'response') expect(error.delivery).not.toBe('not_sent')
  }
  expect([...journal.values()].every(count => count === 1)).toBe(true)
  await until(() => [client, agent].every(each => each.memoryInUse().messages === 0 && each.memoryInUse().spools === 0))
}

describe.concurrent.each(['listening', 'polling'] as const)('a %s agent that keeps a journal', mode => {
  describe.concurrent.each(steps)('and a fault at step %s', step => {
    for (const fault of relayFaults) {
      test.concurrent(`${fault}: each call ends once and tells the truth, and the next one works`, () =>
        callThroughFault(mode, step, fault, false))
      test.concurrent(`${fault}, with data streams: each call ends once and tells the truth, and the next one works`, () =>
        callThroughFault(mode, step, fault, true))
    }
  })
})
