import { type Deferred, deferred } from '../../server/src/base/deferred.ts'
import type { Limits } from '../../server/src/base/limits.ts'
import type { HalibutRuntime } from '../../server/src/runtime/runtime.ts'
import { testIdentity } from './certificates.ts'
import { dialRaw, listenRaw, type RawPeer } from './raw-peer.ts'
import { makeCall, type ReadyCall, readCall } from './recorded-calls.ts'
import { type Cutter, playConnection } from './replay-transcript.ts'
import type { RecordedCall, RecordedConnection, RecordedEvent, Transcript } from './transcripts.ts'
import { createRuntime } from './world.ts'

/** A recorded call as our runtime made it. */
export interface MadeCall {
  readonly recorded: RecordedCall
  readonly call: ReadyCall
  readonly result?: unknown
  readonly error?: unknown
}

/** A connection of the recording, as it goes on. */
interface Course {
  readonly connection: RecordedConnection
  readonly done: Deferred<void>
  readonly ending: Deferred<void>
}

const subscription = 'poll://sq-tentapoll/'

/** The limits of the recordings, but shorter. */
const limitsOf: Readonly<Record<string, Partial<Limits>>> = {
  'listening-service-response-timeout': { tcpClientReceiveResponseTimeoutMs: 250 },
  'listening-stream-size-mismatch-sent': { throwOnDataStreamSizeMismatch: false },
  'listening-untrusted-client': { retryCountLimit: 2 },
  'polling-idle': { pollingQueueWaitTimeoutMs: 60 },
  'polling-queue-timeout': { pollingQueueWaitTimeoutMs: 60 },
  'polling-two-calls-idle-end': { pollingQueueWaitTimeoutMs: 60 },
}

const succeeds = (call: string, text: string): RecordedCall => ({ call, outcome: { ok: true, result: { t: 'String', v: text } } })

/** What was called together, and is not among `calls`. */
const together: Readonly<Record<string, readonly RecordedCall[]>> = {
  'listening-parallel': [succeeds('IEchoService.Slow({"l":700})', 'slept 700'), succeeds('IEchoService.Slow({"l":700})', 'slept 700')],
  'polling-queued-together': ['a', 'b', 'c'].map(name => succeeds(`IEchoService.SayHello({"s":"${name}"})`, `${name}...`)),
}

/** Calls of which we send nothing, and so the connections on which the reference sent the beginning. */
const unsent: Readonly<Record<string, { readonly calls: RegExp; readonly connections: readonly number[] }>> = {
  'listening-unserializable': { calls: /^parameter/, connections: [3, 4] },
}

/** Our runtime makes the recorded calls, and the recorded bytes of the other side answer it. */
export async function replayToCaller(transcript: Transcript, cut: Cutter): Promise<MadeCall[]> {
  const { name, mode, connections } = transcript
  const peer = testIdentity('peer')
  const courses = connections
    .filter((_, index) => !unsent[name]?.connections.includes(index))
    .map(connection => ({ connection, done: deferred<void>(), ending: deferred<void>() }))
  const read = new Map<RecordedEvent, Deferred<void>>()
  const wasRead = (event: RecordedEvent): Deferred<void> => {
    const known = read.get(event) ?? deferred<void>()
    read.set(event, known)
    return known
  }
  const runtime = createRuntime('runtime', {
    corlib: 'System.Private.CoreLib',
    trust: [peer.thumbprint],
    limits: limitsOf[name] ?? {},
  })
  const firstOfTwo = deferred<void>()
  const play = async (raw: RawPeer, course: Course): Promise<void> => {
    const { connection, done, ending } = course
    try {
      if (mode === 'listening') checkDialler(raw, connection)
      await playConnection(raw, connection, {
        side: mode === 'listening' ? 'acceptor' : 'dialler',
        caller: mode === 'listening' ? 'dialler' : 'acceptor',
        cut,
        onRead: event => wasRead(event).resolve(),
        onEnding: ending.resolve,
        // So that the second connection is the one that was used last, as in the recording.
        beforeWrite: event =>
          name === 'listening-parallel' && course === courses[1] && event.kind === 'message' ? firstOfTwo.promise : undefined,
      })
      done.resolve()
    } catch (why) {
      done.reject(why)
      // Nothing of this connection goes on.
      raw.destroy()
      throw why
    }
  }
  await using listener = mode === 'listening' ? await listenRaw({ certificate: peer }) : undefined
  const uri = mode === 'listening' ? `https://localhost:${listener?.port}/` : subscription
  const playAll = async (): Promise<void> => {
    if (listener) {
      const playing: Promise<void>[] = []
      for (const course of courses) playing.push(play(await listener.accept(), course))
      await Promise.all(playing)
      return
    }
    const { port } = await runtime.listen()
    for (const course of courses) {
      await using raw = await dialRaw(port, { certificate: peer })
      await play(raw, course)
    }
  }
  const calls = async (): Promise<MadeCall[]> => {
    const groups = [...(together[name] ? [together[name]] : []), ...transcript.calls.map(call => [call])]
    const requests = requestsOf(courses)
    const made: MadeCall[] = []
    let count = 0
    for (const group of groups) {
      const first = group[0]
      const sent = first && !unsent[name]?.calls.test(first.call) && !first.call.includes('poll://nobody')
      const request = sent ? requests[count] : undefined
      if (request) {
        const before = requests[count - 1]
        if (mode === 'listening' && before && before.course !== request.course) await before.course.done.promise
        if (request.afterNull) await wasRead(request.afterNull).promise
        count += group.length
      }
      const running = group.map(recorded =>
        makeRecorded(runtime, { uri, thumbprint: peer.thumbprint }, recorded, request && wasRead(request.event).promise),
      )
      for (const each of running) each.then(() => firstOfTwo.resolve())
      made.push(...(await Promise.all(running)))
    }
    return made
  }
  try {
    const playing = playAll()
    playing.catch(() => undefined)
    const made = await Promise.race([calls(), playing.then(() => new Promise<never>(() => undefined))])
    await Promise.race([Promise.all(courses.map(({ done, ending }) => Promise.race([done.promise, ending.promise]))), playing])
    await runtime.close()
    await playing
    return made
  } finally {
    await runtime.close()
  }
}

interface Request {
  readonly course: Course
  readonly event: RecordedEvent
  /** The no-op before it, when it was not yet called. */
  readonly afterNull: RecordedEvent | undefined
}

function requestsOf(courses: readonly Course[]): Request[] {
  return courses.flatMap(course => {
    const found: Request[] = []
    let afterNull: RecordedEvent | undefined
    for (const event of course.connection.events) {
      if (event.kind === 'null-message') afterNull = event
      if (event.kind !== 'message' || !isRequest(event)) continue
      found.push({ course, event, afterNull })
      afterNull = undefined
    }
    return found
  })
}

function isRequest({ tree }: RecordedEvent): boolean {
  return JSON.stringify(tree).includes('Halibut.Transport.Protocol.RequestMessage')
}

/** Cancellations come at their moment, and waiting is short. */
async function makeRecorded(
  runtime: HalibutRuntime,
  endpoint: { readonly uri: string; readonly thumbprint: string },
  recorded: RecordedCall,
  sent: Promise<void> | undefined,
): Promise<MadeCall> {
  const call = readCall(recorded.call)
  const nobody = /poll:\/\/nobody\d?/.exec(recorded.call)?.[0]
  const cancelling = /, cancelled after/.test(recorded.call) ? new AbortController() : undefined
  const times = {
    signal: cancelling?.signal,
    queueTimeoutMs: /queue timeout 1 s/.test(recorded.call) ? 1_000 : nobody && !cancelling ? 15 : undefined,
  }
  const made = makeCall(runtime, nobody ? { ...endpoint, uri: nobody } : endpoint, call, times)
  if (nobody) cancelling?.abort()
  else void sent?.then(() => cancelling?.abort())
  return made.then(
    result => ({ recorded, call, result }),
    (error: unknown) => ({ recorded, call, error }),
  )
}

/** The connection itself is as it was recorded. */
function checkDialler(raw: RawPeer, connection: RecordedConnection): void {
  if ((raw.peerThumbprint !== undefined) !== connection.diallerPresentedCertificate) throw new Error('a certificate too many, or none')
  if (raw.socket.getProtocol() !== connection.tls) throw new Error(`expected ${connection.tls}`)
}
