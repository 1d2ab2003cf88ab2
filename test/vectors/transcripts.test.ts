import { expect, test } from 'vitest'
import { HalibutError } from '../../server/src/base/errors.ts'
import { type BsonTree, elementAt } from '../support/bson-tree.ts'
import { testIdentity } from '../support/certificates.ts'
import { listenRaw } from '../support/raw-peer.ts'
import { expectResult } from '../support/recorded-calls.ts'
import { expectFailure } from '../support/recorded-failures.ts'
import { type Cutter, playConnection } from '../support/replay-transcript.ts'
import { replayToCaller } from '../support/transcript-caller.ts'
import { replayToService, type ServiceReplay } from '../support/transcript-service.ts'
import { type RecordedConnection, readTranscript, type Transcript, transcriptNames } from '../support/transcripts.ts'
import { createRuntime } from '../support/world.ts'

// Every transcript, both ways: what one side of the reference wrote comes to our runtime in the other role, and what we write is the same
// (README.md, “What counts as the same”). Recorded with the .NET reference.

const whole: Cutter = () => undefined

/** Byte by byte where that is no more than some thousand writes, in random pieces else. */
function cutSmall(transcript: Transcript): Cutter {
  const bytes = transcript.connections.flatMap(({ events }) => events).reduce((sum, event) => sum + event.bytes.length, 0)
  if (bytes < 32_768) return () => 1
  let x = bytes
  return () => {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0
    return 1 + ((x >>> 8) % 4_096)
  }
}

const ways = [
  ['whole', () => whole],
  ['in small pieces', cutSmall],
] as const

test('there are 31 transcripts', () => {
  expect(transcriptNames).toHaveLength(31)
})

/** Nobody calls here: a browser asks for a page, a runtime asks for a certificate. */
const withoutCaller = ['listening-discovery', 'listening-friendly-page']

for (const name of transcriptNames) {
  const transcript = readTranscript(name)
  for (const [way, cut] of ways) {
    if (!withoutCaller.includes(name)) {
      test(`${name}: our caller writes the same when the answers come ${way}`, async () => {
        for (const { recorded, call, result, error } of await replayToCaller(transcript, cut(transcript))) {
          if (recorded.outcome.ok) {
            if (error !== undefined) throw error
            expectResult(call, result, recorded.outcome)
          } else if (error instanceof HalibutError) expectFailure(error, recorded)
          else throw error ?? new Error(`${recorded.call} succeeded`)
        }
      })
    }
    test(`${name}: our service writes the same when the caller’s bytes come ${way}`, async () => {
      const left = await replayToService(asWeServe(transcript), { cut: cut(transcript), ...differences[name] })
      if (name === 'listening-discovery') expect(left.map(String)).toEqual([defaultPage])
    })
  }
}

const defaultPage = readTranscript('listening-friendly-page').connections[0]?.events[1]?.text

for (const name of withoutCaller) {
  const { connections } = readTranscript(name)
  const [connection] = connections as [RecordedConnection]
  test(`${name}: discovery learns the certificate, whatever the answer is`, async () => {
    const agent = testIdentity('peer')
    const served = readTranscript('listening-discovery').connections[0]?.events ?? []
    await using listener = await listenRaw({
      certificate: agent,
      async onConnection(peer) {
        expect(peer.peerThumbprint).toBeUndefined()
        const answer = connection.events.filter(event => event.from === 'acceptor')
        await playConnection(peer, { ...connection, events: [...served.slice(0, 1), ...answer.slice(0, 1), ...served.slice(1)] }, {
          side: 'acceptor',
          caller: 'dialler',
          cut: whole,
        })
      },
    })
    await using runtime = createRuntime('runtime')
    const found = await runtime.discover(`https://localhost:${listener.port}/`)
    expect(found.thumbprint).toBe(agent.thumbprint)
  })
}

/** Where we write something else than the reference did, and why. */
const differences: Readonly<Record<string, Omit<ServiceReplay, 'cut'>>> = {
  'listening-friendly-page': {
    beforeConnection(runtime, index) {
      const headers = { 'X-One': '1', 'X-Two': 'two' }
      if (index === 1) runtime.setFriendlyPage({ html: '<p>héllo ✓</p>', headers })
      if (index === 2) runtime.setFriendlyPage({ html: '', headers })
      if (index === 3) runtime.setFriendlyPage({ html: null })
    },
  },
  // The second of two data streams with one id has no content. The reference trips over that; we say so.
  'listening-streams-several': {
    instead: { 'Object reference not set to an instance of an object.': 'no section arrived for this data stream' },
  },
  // Nothing leaves of a result that cannot be written: the caller gets an error instead, and the connection lives.
  'listening-unserializable': {
    expectResponse(tree: BsonTree) {
      if (elementAt(tree, 'Message', 'result')[0] === 0x02) return
      const [, , message] = elementAt(tree, 'Message', 'error', 'message')
      expect(message).toMatch(/^the result of Get\w+\(int64\) does not fit its contract: /)
    },
  },
}

/** The stumps of the failing writer are not sent, so the connections do not end with them either. */
function asWeServe(transcript: Transcript): Transcript {
  if (transcript.name !== 'listening-unserializable') return transcript
  const connections = transcript.connections.map(connection => ({
    ...connection,
    events: connection.events.map(event => (event.kind === 'end-of-input' ? { ...event, from: 'dialler' as const } : event)),
  }))
  return { ...transcript, connections }
}
