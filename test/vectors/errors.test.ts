import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { HalibutError } from '../../server/src/base/errors.ts'
import type { ErrorKind, Phase } from '@halibut-gateway/schemas/wire'
import { decodeTree, elementAt } from '../support/bson-tree.ts'
import { testIdentity } from '../support/certificates.ts'
import { dialRaw, listenRaw, type RawPeer } from '../support/raw-peer.ts'
import { expectFailure } from '../support/recorded-failures.ts'
import { readInflated } from '../support/replay-transcript.ts'
import { openAsAcceptor, openAsClient } from '../support/scripted-halibut.ts'
import { type MadeCall, replayToCaller } from '../support/transcript-caller.ts'
import { hostSampleServices } from '../support/transcript-service.ts'
import { comparable, type RecordedException, readTranscript } from '../support/transcripts.ts'
import { createRuntime } from '../support/world.ts'

// The errors of the reference: those of its services, by ours, and those of its callers, by our caller. Recorded with the .NET reference:
// see README.md.

interface ServerError {
  readonly mode: 'listening' | 'polling'
  readonly file: string
  readonly connection: number
  readonly event: number
  readonly request: { readonly service: string; readonly method: string; readonly params: readonly unknown[] }
  readonly error: { readonly message: string; readonly details: string; readonly HalibutErrorType: string | null }
  readonly responseBsonHex: string
}

interface ClientError {
  readonly mode: string
  readonly file: string
  readonly call: string
  readonly clientException: RecordedException
}

const { serverErrors, clientErrors } = JSON.parse(readFileSync(new URL('errors.json', import.meta.url), 'utf8')) as {
  serverErrors: ServerError[]
  clientErrors: ClientError[]
}
const transcriptOf = ({ file }: { readonly file: string }): string => file.replace(/^transcripts\/|\.json$/g, '')

test('there are 28 errors of services and 23 of callers', () => {
  expect([serverErrors.length, clientErrors.length]).toEqual([28, 23])
})

/** Sends one request to our services, over a connection of either kind, and reads the response. */
async function ask(mode: ServerError['mode'], request: Buffer): Promise<Buffer> {
  const peer = testIdentity('peer')
  await using runtime = createRuntime('runtime', { corlib: 'System.Private.CoreLib', trust: [peer.thumbprint] })
  hostSampleServices(runtime)
  const exchange = async (raw: RawPeer): Promise<Buffer> => {
    await raw.write(request)
    return readInflated(raw)
  }
  if (mode === 'listening') {
    await using raw = await dialRaw((await runtime.listen()).port, { certificate: peer })
    await openAsClient(raw)
    return await exchange(raw)
  }
  await using listener = await listenRaw({ certificate: peer })
  const endpoint = { uri: `https://localhost:${listener.port}/`, thumbprint: peer.thumbprint }
  const polling = runtime.poll({ subscription: 'poll://agent/', endpoint })
  const raw = await listener.accept()
  await openAsAcceptor(raw)
  const response = await exchange(raw)
  await polling.close()
  return response
}

for (const entry of serverErrors) {
  const { mode, request, error, responseBsonHex } = entry
  test(`${mode}: ${request.service}.${request.method}(${JSON.stringify(request.params).slice(1, -1)}) is answered with the recorded error`, async () => {
    const sent = readTranscript(transcriptOf(entry)).connections[entry.connection]?.events[entry.event - 1]
    const tree = decodeTree(await ask(mode, sent?.bytes ?? Buffer.alloc(0)))
    const text = (name: string): unknown => elementAt(tree, 'Message', 'error', name)[2]
    expect(text('message')).toBe(error.message)
    expect(String(text('details')).split('\n', 1)[0]).toBe(error.details.split('\n', 1)[0])
    expect(text('HalibutErrorType')).toEqual(error.HalibutErrorType ?? Buffer.alloc(0))
    expect(comparable(tree, true)).toEqual(comparable(decodeTree(Buffer.from(responseBsonHex, 'hex')), true))
  })
}

type Meaning = readonly [kind: ErrorKind, delivery: HalibutError['delivery'], phase: Phase | undefined]

const mismatch: Meaning = ['stream_size_mismatch', 'unknown', 'stream']
const broken: Meaning = ['stream_failed', 'executed', 'stream']
const unreadable: Meaning = ['serialization_failed', 'executed', 'response']
const unwritable: Meaning = ['serialization_failed', 'not_sent', undefined]
const cancelledInFlight: Meaning = ['cancelled', 'unknown', 'response']
const cut: Meaning = ['connection_lost', 'unknown', 'response']

/** What the recorded exceptions are for us: by transcript, in the order of errors.json. */
const meanings: Readonly<Record<string, readonly Meaning[]>> = {
  'listening-cancel-in-flight': [cancelledInFlight],
  'listening-null-result-for-value-type': [unreadable],
  'listening-overloads-and-numbers': [['ambiguous_method', 'not_sent', 'response']],
  'listening-service-response-timeout': [['io_timeout', 'unknown', 'response']],
  'listening-stream-errors': [mismatch, mismatch, ['stream_failed', 'unknown', 'stream'], broken, broken],
  'listening-stream-size-mismatch-sent': [cut, cut],
  'listening-streams-several': [['service_failed', 'executed', 'response']],
  'listening-unserializable': [unreadable, unreadable, unwritable, unwritable],
  'listening-untrusted-client': [['identify_failed', 'not_sent', 'identify']],
  'polling-cancel-in-flight': [cancelledInFlight],
  'polling-queue-timeout': [
    ['deadline_exceeded', 'not_sent', 'queue'],
    ['cancelled', 'not_sent', 'queue'],
  ],
  'polling-stream-errors': [mismatch, ['stream_failed', 'unknown', 'stream'], broken],
}

const replayed = new Map<string, Promise<MadeCall[]>>()

for (const entry of clientErrors) {
  const name = transcriptOf(entry)
  const { call, clientException } = entry
  test(`${name}: ${call} fails at our caller as it did at the reference’s`, async () => {
    const replay = replayed.get(name) ?? replayToCaller(readTranscript(name), () => undefined)
    replayed.set(name, replay)
    const error = (await replay).find(({ recorded }) => recorded.call === call)?.error
    if (!(error instanceof HalibutError)) throw error ?? new Error('expected a failure')
    const index = clientErrors.filter(each => each.file === entry.file).indexOf(entry)
    const [kind, delivery, phase] = meanings[name]?.[index] ?? []
    expect(error).toMatchObject({ kind, delivery })
    expect(error.phase).toBe(phase)
    expectFailure(error, { call, outcome: { ok: false, exception: clientException } })
    // What the reference knows for sure, we know too.
    if (clientException.connectionState === 'Connecting') expect(error.delivery).toBe('not_sent')
  })
}
