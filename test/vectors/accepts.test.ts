import { readFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { acceptanceExceptions } from '../support/acceptance-exceptions.ts'
import { comparable, type RecordedCase, recordedCases } from '../support/recorded-cases.ts'
import { CallingClient, recordedCallOutcome } from '../support/replay-agent.ts'
import { ListeningTarget, recordedCallerOutcome } from '../support/replay-caller.ts'
import { PolledClient, PollingService } from '../support/replay-poller.ts'

// What the .NET reference accepts and rejects, replayed to our runtime in the same role: see README.md.

// The recording process ran at UTC+10:00, and text without an offset is local time.
process.env['TZ'] = 'Etc/GMT-10'

/** Stands for the seconds that some recipes wait for a time-out. */
const soonMs = 300

const listening = await ListeningTarget.start()
const hastyListening = await ListeningTarget.start({ tcpClientReceiveTimeoutMs: soonMs })
const client = new CallingClient()
const hastyClient = new CallingClient({ tcpClientReceiveTimeoutMs: soonMs })
const polled = await PolledClient.start()
const polling = new PollingService()
const hastyPolling = new PollingService({
  tcpClientHeartbeatReceiveTimeoutMs: soonMs,
  tcpClientReceiveRequestTimeoutForPollingMs: soonMs,
})

afterAll(async () => {
  for (const each of [listening, hastyListening, client, hastyClient, polled, polling, hastyPolling]) await each[Symbol.asyncDispose]()
})

interface Replayed {
  readonly ours: unknown
  readonly recorded: unknown
}

async function replay(recorded: RecordedCase): Promise<Replayed> {
  const { direction, group, id, observed, identity } = recorded
  const waits = /SocketException \(110\)|OperationCanceled|ReadAsync operation was cancelled|: Connection timed out/.test(observed)
  switch (`${group === 'tls' ? 'tls: ' : ''}${direction}`) {
    case 'scripted listening client -> reference service':
    case 'tls: scripted listening client -> reference service':
      return { ours: await (waits ? hastyListening : listening).replay(recorded), recorded: recordedCallerOutcome(recorded) }
    case 'reference listening client -> scripted service':
      return { ours: await (waits ? hastyClient : client).replay(recorded), recorded: recordedCallOutcome(recorded) }
    case 'tls: reference listening client -> scripted service':
      return { ours: await client.tlsOfFourConnections(id.endsWith('2') ? 'TLSv1.2' : 'TLSv1.3'), recorded: observed }
    case 'scripted polling service -> reference polling client':
      return { ours: await polled.replay(recorded), recorded: recordedCallOutcome(recorded) }
    case 'scripted polling client -> reference polling service':
      return { ours: await (waits ? hastyPolling : polling).replay(recorded), recorded: { identity, observed: comparable(observed) } }
    case 'tls: reference polling service -> scripted polling client':
      return { ours: await polling.tlsOfFourteenConnections(), recorded: observed }
    default:
      throw new Error(`nobody plays ${direction}`)
  }
}

const exceptions = new Set(acceptanceExceptions.map(({ id }) => id))

test('there are 447 recorded cases, and at most 20 exceptions among them', () => {
  expect(recordedCases).toHaveLength(447)
  expect(exceptions.size).toBe(acceptanceExceptions.length)
  expect(exceptions.size).toBeLessThanOrEqual(20)
  const ids = recordedCases.map(({ id }) => id)
  expect([...exceptions].filter(id => !ids.includes(id))).toEqual([])
})

test('the exceptions in HALIBUT.md are these', () => {
  const text = readFileSync(new URL('../../server/HALIBUT.md', import.meta.url), 'utf8')
  const [, table] = /<!-- exceptions -->\n(.*?)<!-- \/exceptions -->/s.exec(text) ?? []
  const rows = acceptanceExceptions.map(({ id, difference, reason }) => `| \`${id}\` | ${difference} | ${reason} |\n`)
  expect(table).toBe(`| case | here | because |\n| --- | --- | --- |\n${rows.join('')}`)
})

for (const each of recordedCases) {
  const differs = exceptions.has(each.id)
  test(`${each.id}: ${each.description}: ${differs ? 'not ' : ''}as the reference`, async () => {
    const { ours, recorded } = await replay(each)
    if (differs) expect(ours).not.toEqual(recorded)
    else expect(ours).toEqual(recorded)
  })
}
