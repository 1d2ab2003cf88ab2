import type { ErrorKind } from '@halibut-gateway/schemas/wire'
import fc from 'fast-check'
import { expect } from 'vitest'
import { HalibutError } from '../../server/src/base/errors.ts'
import type { Limits } from '../../server/src/base/limits.ts'
import { DataStream } from '../../server/src/codec/data-stream.ts'
import type { HalibutRuntime } from '../../server/src/runtime/runtime.ts'
import { testIdentity } from './certificates.ts'
import { type Attack, craftedAttacks, preambleAttacks } from './hostile-bytes.ts'
import { randomAttacks, readRecordings } from './hostile-recordings.ts'
import { dialRaw, listenRaw, type RawPeer } from './raw-peer.ts'
import { echoService } from './sample-contracts.ts'
import { addSampleServices, echo } from './sample-services.ts'
import {
  answerRequest,
  clientOpening,
  openAsAcceptor,
  openAsSubscriber,
  requestMessage,
  serverIdentity,
  subscriberOpening,
} from './scripted-halibut.ts'
import { turn, until } from './stream-sections.ts'
import { createRuntime } from './world.ts'

/** What the hostile peer is to our runtime. */
export const hostileRoles = ['caller', 'polling agent', 'listening agent', 'polled client'] as const
export type HostileRole = (typeof hostileRoles)[number]

/** How many random attacks, and how long they may take together. */
export interface HostileEffort {
  readonly attacks: number
  readonly milliseconds: number
}

/** Silence must not hold up the test, and a runtime that is busy with a bomb must not look silent. */
const limits: Partial<Limits> = {
  acceptTimeoutMs: 2_000,
  tcpClientReceiveTimeoutMs: 2_000,
  tcpClientReceiveResponseTimeoutMs: 2_000,
  tcpClientReceiveRequestTimeoutForPollingMs: 2_000,
  tcpClientHeartbeatReceiveTimeoutMs: 2_000,
  tcpListeningNextRequestIdleTimeoutMs: 2_000,
  pollingQueueWaitTimeoutMs: 500,
  streamStallMs: 20,
  streamUnreadMs: 500,
  maxMessageElements: 300_000,
}

/** What an attack that depends on luck may end in: also in answers that tell of errors. */
const anyKind: readonly ErrorKind[] = [
  'protocol_error',
  'serialization_failed',
  'message_too_large',
  'memory_limit',
  'connection_lost',
  'io_timeout',
  'identify_failed',
  'stream_size_mismatch',
  'stream_failed',
  'stream_stalled',
  'cancelled',
  'remote_error',
  'service_failed',
  'service_not_found',
  'method_not_found',
  'ambiguous_method',
]

/** Says what the attack says, as far as the other side lets it. */
async function perform(peer: RawPeer, attack: Attack, open: () => Promise<unknown>, exchange: () => Promise<unknown>): Promise<void> {
  try {
    if (attack.after !== 'nothing') await open()
    if (attack.after === 'exchange') await exchange()
    for (const piece of attack.pieces) await peer.write(piece)
    if (attack.ends) peer.end()
  } catch {
    // It has hung up.
  }
}

function bounded(length: unknown): number {
  return Math.abs(Number(length)) % 100_000
}

/** The sample services, but for methods whose work depends on a number that the caller chooses. */
function host(runtime: HalibutRuntime): void {
  const harmless: typeof echo = {
    ...echo,
    Slow: () => 'slept',
    Big: (chars, context) => echo.Big(bounded(chars) as never, context),
    Bytes: (length, context) => echo.Bytes(bounded(length) as never, context),
    Generate: (length, context) => echo.Generate(bounded(length) as never, context),
  }
  addSampleServices((contract, implementation, options) =>
    runtime.addService(contract, (contract === echoService ? harmless : implementation) as never, options),
  )
}

/** What a promise came to; the content of a data stream is read too. */
async function errorOf(call: Promise<unknown>): Promise<unknown> {
  try {
    const result = await call
    if (result instanceof DataStream) await result.bytes()
    return undefined
  } catch (why) {
    return why
  }
}

/**
 * Attacks a runtime in one role: first by every crafted attack, then by random ones. Each must end its own connection, with its reason in
 * the log, while an honest peer is answered in all four roles; nothing stays in memory. Returns the numbers of attacks and of
 * honest calls, and how often each reason was given.
 */
export async function attackRuntime(role: HostileRole, effort: HostileEffort): Promise<Record<string, number>> {
  const hostile = testIdentity('hostile')
  const kind = role === 'caller' || role === 'polled client' ? 'request' : 'response'
  const dials = role === 'caller' || role === 'polling agent'
  // Made before anybody waits for an answer: that takes half a second.
  const crafted = [...craftedAttacks(kind), ...(dials ? preambleAttacks : [])]
  const recordings = readRecordings(role.startsWith('poll') ? 'polling' : 'listening', dials ? 'dialler' : 'acceptor')
  await using victim = createRuntime('victim', { limits })
  await using honest = createRuntime('honest', { limits: { pollingQueueWaitTimeoutMs: 500 } })
  victim.trustOnly([hostile.thumbprint, honest.thumbprint])
  honest.trust(victim.thumbprint)
  host(victim)
  host(honest)
  const { port } = await victim.listen({ host: '127.0.0.1' })
  const victimEndpoint = { uri: `https://127.0.0.1:${port}/`, thumbprint: victim.thumbprint }
  const honestEndpoint = { uri: `https://127.0.0.1:${(await honest.listen({ host: '127.0.0.1' })).port}/`, thumbprint: honest.thumbprint }
  honest.poll({ subscription: 'poll://honest/', endpoint: victimEndpoint })
  victim.poll({ subscription: 'poll://victim/', endpoint: honestEndpoint })
  const clients = [
    honest.createClient(echoService, victimEndpoint),
    honest.createClient(echoService, { uri: 'poll://victim/', thumbprint: victim.thumbprint }),
    victim.createClient(echoService, honestEndpoint),
    victim.createClient(echoService, { uri: 'poll://honest/', thumbprint: honest.thumbprint }),
  ]
  let honestCalls = 0
  /** One call in the next of the four roles. */
  async function callHonestly(): Promise<void> {
    const name = `call ${++honestCalls}`
    expect(await clients[honestCalls % clients.length]?.SayHello(name)).toBe(`${name}...`)
  }

  const stray: unknown[] = []
  const onStray = (why: unknown): void => void stray.push(why)
  process.on('unhandledRejection', onStray).on('uncaughtException', onStray)
  const reasons: Record<string, number> = {}
  let attacks = 0
  try {
    for (const _each of clients) await callHonestly()
    let honestLost = 0
    victim.on('connectionClosed', ({ thumbprint }) => {
      if (thumbprint === honest.thumbprint) honestLost++
    })
    const stage = await createStage(role, victim, port)
    await using _ends = stage
    const tryOne = async (attack: Attack): Promise<void> => {
      const errors: unknown[] = []
      const stop = victim.on('log', ({ error }) => {
        if (error !== undefined) errors.push(error)
      })
      attacks++
      let over = false
      const suffering = stage.suffer(attack).finally(() => {
        over = true
      })
      // Where the honest call fails, that is the error to tell.
      suffering.catch(() => {})
      do await Promise.all([callHonestly(), turn()])
      while (!over)
      const answered = await suffering
      stop()
      if (answered !== undefined) errors.push(answered)
      for (const why of errors) {
        if (!(why instanceof HalibutError)) throw why
        reasons[why.kind] = (reasons[why.kind] ?? 0) + 1
      }
      const kinds = errors.map(why => (why as HalibutError).kind)
      expect(
        kinds.filter(kind => !anyKind.includes(kind)),
        attack.name,
      ).toEqual([])
      if (attack.kinds)
        expect(
          kinds.some(kind => attack.kinds?.includes(kind)),
          `${attack.name}: ${kinds.join(', ') || 'no error'}`,
        ).toBe(true)
      expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
      expect(stray).toEqual([])
    }
    for (const attack of crafted) await tryOne(attack)
    await fc.assert(fc.asyncProperty(randomAttacks(recordings, kind), tryOne), {
      numRuns: effort.attacks,
      interruptAfterTimeLimit: effort.milliseconds,
      markInterruptAsFailure: false,
    })
    expect(honestLost).toBe(0)
    await until(() => victim.memoryInUse().messages === 0 && victim.memoryInUse().spools === 0)
    return { attacks, honestCalls, ...reasons }
  } finally {
    process.off('unhandledRejection', onStray).off('uncaughtException', onStray)
  }
}

/** Lets a hostile peer of one role loose on the victim. */
interface Stage extends AsyncDisposable {
  /** Resolves when the connection has ended on the victim’s side: with the error of its call, if it made one and that failed. */
  suffer(attack: Attack): Promise<unknown>
}

function createStage(role: HostileRole, victim: HalibutRuntime, port: number): Promise<Stage> | Stage {
  switch (role) {
    case 'caller':
      return callerStage(victim, port)
    case 'polling agent':
      return pollingAgentStage(victim, port)
    case 'listening agent':
      return listeningAgentStage(victim)
    case 'polled client':
      return polledClientStage(victim)
  }
}

const certificate = testIdentity('hostile')
const nothingToEnd = { [Symbol.asyncDispose]: () => Promise.resolve() }

/** Resolves when the victim is through with the connection of that port of the other end. */
function closedConnection(victim: HalibutRuntime, port: number | undefined): Promise<void> {
  return new Promise(resolve => {
    const stop = victim.on('connectionClosed', ({ remoteAddress }) => {
      if (!remoteAddress.endsWith(`:${port}`)) return
      stop()
      resolve()
    })
  })
}

function callerStage(victim: HalibutRuntime, port: number): Stage {
  return {
    ...nothingToEnd,
    async suffer(attack) {
      await using peer = await dialRaw(port, { certificate })
      const closed = closedConnection(victim, peer.socket.localPort)
      const sayHello = requestMessage({ service: 'IEchoService', method: 'SayHello', params: ['Paul'] })
      await perform(
        peer,
        attack,
        () => peer.write(clientOpening),
        () => peer.write(sayHello),
      )
      await closed
    },
  }
}

function pollingAgentStage(victim: HalibutRuntime, port: number): Stage {
  return {
    ...nothingToEnd,
    async suffer(attack) {
      const said = Buffer.concat(attack.pieces.slice(0, 1)).toString('latin1', 0, 200)
      const uri = /MX-SUBSCRIBER 1\.0 (poll:\/\/[a-z-]+\/)/.exec(said)?.[1] ?? 'poll://hostile/'
      const cancel = new AbortController()
      const call = errorOf(callIt(victim, { uri, thumbprint: certificate.thumbprint }, attack, cancel.signal))
      await using peer = await dialRaw(port, { certificate })
      const closed = closedConnection(victim, peer.socket.localPort)
      const open = attack.after === 'exchange' ? () => openAsSubscriber(peer, uri) : () => peer.write(subscriberOpening(uri))
      await perform(peer, attack, open, () => answerRequest(peer))
      await closed
      cancel.abort()
      return call
    },
  }
}

async function listeningAgentStage(victim: HalibutRuntime): Promise<Stage> {
  let attack: Attack | undefined
  let peers: RawPeer[] = []
  const listener = await listenRaw({
    certificate,
    host: '127.0.0.1',
    onConnection: peer => {
      if (!attack) throw new Error('nobody called')
      peers.push(peer)
      const open = attack.after === 'exchange' ? () => openAsAcceptor(peer) : () => peer.write(serverIdentity)
      return perform(peer, attack, open, () => answerRequest(peer))
    },
  })
  const endpoint = { uri: `https://127.0.0.1:${listener.port}/`, thumbprint: certificate.thumbprint, limits: { retryCountLimit: 1 } }
  return {
    async suffer(next) {
      attack = next
      peers = []
      const first = await errorOf(callIt(victim, endpoint, next))
      const second = next.after === 'exchange' ? await errorOf(callIt(victim, endpoint, next)) : undefined
      victim.disconnect(endpoint)
      await Promise.all(peers.map(peer => peer.closed))
      return first ?? second
    },
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  }
}

async function polledClientStage(victim: HalibutRuntime): Promise<Stage> {
  const listener = await listenRaw({ certificate, host: '127.0.0.1' })
  const uri = `https://127.0.0.1:${listener.port}/`
  const polling = victim.poll({ subscription: 'poll://victim/', endpoint: { uri, thumbprint: certificate.thumbprint } })
  async function livePeer(): Promise<RawPeer> {
    for (;;) {
      const peer = await listener.accept()
      if (!peer.ended) return peer
    }
  }
  return {
    async suffer(attack) {
      const peer = await livePeer()
      const logged = new Promise<void>(resolve => {
        const stop = victim.on('log', event => {
          if (event.endpoint !== uri || event.type !== 'Error') return
          stop()
          resolve()
        })
      })
      const sayHello = requestMessage({ service: 'IEchoService', method: 'SayHello', params: ['Paul'] })
      await perform(
        peer,
        attack,
        () => peer.write(serverIdentity),
        () => peer.write(sayHello),
      )
      await logged
      await peer.closed
    },
    async [Symbol.asyncDispose]() {
      await polling.close()
      await listener[Symbol.asyncDispose]()
    },
  }
}

let calls = 0

/** A call whose answer is read with a contract every other time, where the attack does not need a certain one. */
function callIt(
  victim: HalibutRuntime,
  endpoint: { readonly uri: string; readonly thumbprint: string },
  attack: Attack,
  signal?: AbortSignal,
): Promise<unknown> {
  const typed = attack.kinds === undefined && calls++ % 2 === 0
  const call = { endpoint, service: echoService.service, method: 'SayHello', args: ['Paul'], signal }
  return victim.call(typed ? { ...call, contract: echoService } : call)
}
