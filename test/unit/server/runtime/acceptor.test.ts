import { afterEach, describe, expect, test, vi } from 'vitest'
import { deferred } from '../../../../server/src/base/deferred.ts'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { defaultLimits, type Limits } from '../../../../server/src/base/limits.ts'
import { Openings } from '../../../../server/src/base/openings.ts'
import { TypeRegistry } from '../../../../server/src/codec/contract-values.ts'
import { Acceptor, type AcceptorOptions } from '../../../../server/src/runtime/acceptor.ts'
import { RuntimeMemory } from '../../../../server/src/runtime/connection-memory.ts'
import { type DeniedEvent, EventHub } from '../../../../server/src/runtime/events.ts'
import { MemoryRequestQueue } from '../../../../server/src/runtime/queue/memory-queue.ts'
import { TrustStore } from '../../../../server/src/runtime/trust-store.ts'
import { type ChannelPair, channelPair } from '../../../support/channel-pair.ts'
import { clientOpening, serverIdentity, subscriberOpening } from '../../../support/scripted-halibut.ts'

const trusted = 'A'.repeat(40)
const stranger = 'B'.repeat(40)
const listener = 'listen://here/'

afterEach(() => {
  vi.useRealTimers()
})

interface Caller {
  readonly pair: ChannelPair
  /** Resolves when the acceptor is done with it. */
  readonly over: Promise<void>
  say(text: string): void
  /** What was said to it so far. */
  heard(): string
  /** Waits for the answer to its identity. */
  answered(): Promise<void>
}

/** An acceptor in memory, that trusts one certificate and has no socket. */
function createAcceptor(limits: Partial<Limits> = {}, options: Partial<AcceptorOptions> = {}) {
  const all = { ...defaultLimits, ...limits }
  const openings = new Openings(all)
  const events = new EventHub()
  const told: string[] = []
  const log: string[] = []
  const memory = new RuntimeMemory(all)
  const queues = new Map<string, MemoryRequestQueue>()
  const queuesLeft: string[] = []
  const trust = new TrustStore([trusted], thumbprint => acceptor.disconnectThumbprint(thumbprint))
  for (const type of ['connectionOpened', 'connectionClosed'] as const) {
    events.on(type, ({ authorised }) => told.push(`${type} ${authorised ? 'authorised' : 'not authorised'}`))
  }
  for (const type of ['subscriberConnected', 'subscriberDisconnected'] as const) {
    events.on(type, ({ subscription }) => told.push(`${type} ${subscription}`))
  }
  const denied: DeniedEvent[] = []
  events.on('clientDenied', event => {
    told.push(`clientDenied ${event.thumbprint}`)
    denied.push(event)
  })
  const acceptor: Acceptor = new Acceptor({
    limits: all,
    trust,
    openings,
    service: {
      registry: new TypeRegistry(),
      handle: () => Promise.reject(new Error('nothing is called here')),
      refuse: () => undefined,
      onTooMuch: () => undefined,
      serving: new Set(),
      draining: false,
    } as unknown as AcceptorOptions['service'],
    hostsServices: () => true,
    exchange: channel => memory.exchange(channel.peer.thumbprint ?? '', undefined),
    sourceFor(subscription, thumbprint) {
      const queue = queues.get(subscription) ?? new MemoryRequestQueue(subscription, all.maxQueuedRequests)
      queues.set(subscription, queue)
      return queue.consumer(thumbprint)
    },
    queueLeft: subscription => queuesLeft.push(subscription),
    events,
    log: (_endpoint, type, message) => log.push(`${type}: ${message}`),
    friendlyPage: () => ({ html: '<p>a friendly page</p>' }),
    onUnauthorised: undefined,
    authoriseSubscriber: undefined,
    ...options,
  })
  const callers: Caller[] = []

  function call(thumbprint: string | undefined, remoteAddress = '10.0.0.1:4000'): Caller {
    const pair = channelPair({ acceptorPeer: { thumbprint, remoteAddress } })
    const over = acceptor.accept(pair.acceptor, listener)
    const caller: Caller = {
      pair,
      over,
      say: text => void pair.dialler.write(Buffer.from(text, 'latin1')),
      heard: () => Buffer.concat(pair.acceptor.writes).toString('latin1'),
      answered: () => vi.waitUntil(() => caller.heard().includes(serverIdentity)).then(() => undefined),
    }
    callers.push(caller)
    return caller
  }

  return {
    acceptor,
    trust,
    openings,
    told,
    denied,
    log,
    queues,
    queuesLeft,
    call,
    /** A polling agent that has been let in. */
    async subscriber(subscription: string, thumbprint = trusted): Promise<Caller> {
      const caller = call(thumbprint)
      caller.say(subscriberOpening(subscription))
      await caller.answered()
      return caller
    },
    async [Symbol.asyncDispose]() {
      for (const queue of queues.values()) queue.close(new HalibutError('closed', 'the test is over'))
      for (const { pair } of callers) await pair[Symbol.asyncDispose]()
      await Promise.all(callers.map(({ over }) => over))
      expect(openings.size).toBe(0)
    },
  }
}

describe('who is let in', () => {
  test('whoever is trusted is answered, known by its address, and told of when it comes and goes', async () => {
    await using port = createAcceptor()
    const caller = port.call(trusted)
    expect(port.openings.size).toBe(0)
    caller.say(clientOpening)
    await caller.answered()
    expect(port.openings.knows('10.0.0.1')).toBe(true)
    caller.pair.dialler.destroy()
    await caller.over
    expect(port.told).toEqual(['connectionOpened not authorised', 'connectionClosed authorised'])
  })

  test.each([
    ['with another certificate', stranger],
    ['without one', undefined],
  ])('whoever comes %s is turned away without a word, and its address is not known', async (_how, thumbprint) => {
    await using port = createAcceptor()
    const caller = port.call(thumbprint)
    expect(port.openings.size).toBe(1)
    caller.say(clientOpening)
    await caller.over
    expect(caller.heard()).toBe('')
    expect(port.openings.knows('10.0.0.1')).toBe(false)
    expect(port.told).toEqual(['connectionOpened not authorised', `clientDenied ${thumbprint}`, 'connectionClosed not authorised'])
  })

  test('whoever decides may let a stranger in, whose certificate is trusted from then on', async () => {
    const { promise: answer, resolve: decide } = deferred<'trust_and_allow'>()
    await using port = createAcceptor({}, { onUnauthorised: () => answer })
    const caller = port.call(stranger)
    caller.say(clientOpening)
    await vi.waitUntil(() => port.log.some(line => line.startsWith('ClientDenied')))
    expect(port.trust.has(stranger)).toBe(false)
    decide('trust_and_allow')
    await caller.answered()
    expect([port.trust.has(stranger), port.openings.size, port.denied]).toEqual([true, 0, []])
  })

  test('of a stranger it is told who it says it is, and nothing is answered', async () => {
    await using port = createAcceptor()
    const caller = port.call(stranger)
    caller.say(subscriberOpening('poll://NEW'))
    await caller.over
    expect(caller.heard()).toBe('')
    const names = `CN=${stranger}`
    expect(port.denied).toEqual([
      {
        why: 'not_trusted',
        remoteAddress: '10.0.0.1:4000',
        thumbprint: stranger,
        thumbprint256: 'B'.repeat(64),
        subject: names,
        issuer: names,
        protocol: 'TLSv1.3',
        role: 'subscriber',
        subscription: 'poll://new/',
      },
    ])
  })

  test.each([
    ['a caller of services', clientOpening, { role: 'client', subscription: undefined }],
    ['an identity without end', `MX\r\n\r\nMX-SUBSCRIBER 1.0 poll://${'x'.repeat(60)}/`, { role: undefined, subscription: undefined }],
    ['nonsense', 'MX\r\n\r\nGOOD-DAY\r\n\r\n', { role: undefined, subscription: undefined }],
    ['no address', 'MX\r\n\r\nMX-SUBSCRIBER 1.0 mailto:x\r\n\r\n', { role: 'subscriber', subscription: undefined }],
  ])('of a stranger that says %s no more is told than it said', async (_what, opening, said) => {
    await using port = createAcceptor({ untrustedIdentityMaxBytes: 50 })
    const caller = port.call(stranger)
    caller.say(opening)
    await caller.over
    expect([caller.heard(), port.denied]).toEqual(['', [expect.objectContaining(said)]])
  })

  test('where nobody wants to know who was turned away, a stranger is not listened to', async () => {
    await using port = createAcceptor({ untrustedIdentityMs: 0x7fff_ffff }, { events: new EventHub() })
    const caller = port.call(stranger)
    caller.say('MX\r\n\r\n')
    await caller.over
    expect(caller.heard()).toBe('')
  })

  test('a web browser sees the friendly page', async () => {
    await using port = createAcceptor()
    const caller = port.call(undefined)
    caller.say('GET / HTTP/1.1\r\n\r\n')
    await caller.over
    expect(caller.heard()).toContain('a friendly page')
  })

  test('of one certificate so many are let in, and as many again when they have gone', async () => {
    await using port = createAcceptor({ maxConnectionsPerCertificate: 2 })
    port.trust.add(stranger)
    const [first] = [await port.subscriber('poll://a/'), await port.subscriber('poll://b/')]
    const surplus = port.call(trusted)
    await surplus.over
    expect(port.log.at(-1)).toContain(`${trusted} has 2 connections already`)
    await port.subscriber('poll://c/', stranger)
    first.pair.dialler.destroy()
    await first.over
    await port.subscriber('poll://a/')
  })

  test('a caller of services is turned away where none is hosted', async () => {
    await using port = createAcceptor({}, { hostsServices: () => false })
    const caller = port.call(trusted)
    caller.say(clientOpening)
    await caller.over
    expect(caller.heard()).toBe('')
    expect(port.denied).toMatchObject([{ why: 'no_service', thumbprint: trusted, role: 'client' }])
    await port.subscriber('poll://a/')
  })
})

describe('clocks', () => {
  test.each([
    ['whoever is trusted', trusted, 5_000],
    ['a stranger', stranger, 1_000],
  ])('%s has its time for the preamble and no more', async (_who, thumbprint, ms) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    await using port = createAcceptor({ acceptTimeoutMs: 5_000, untrustedPreambleMs: 1_000, tcpClientReceiveTimeoutMs: 0 })
    const caller = port.call(thumbprint)
    vi.advanceTimersByTime(ms - 1)
    expect(caller.pair.acceptor.failure).toBeUndefined()
    vi.advanceTimersByTime(1)
    await caller.over
    expect(port.log.at(-1)).toContain(`did not identify itself within ${ms} ms`)
  })

  test('a stranger that does not say who it is has its time for that, and is told of', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    await using port = createAcceptor({ untrustedIdentityMs: 1_500, tcpClientReceiveTimeoutMs: 0 })
    const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
    const caller = port.call(stranger)
    caller.say('MX\r\n\r\nMX-SUB')
    while (!port.log.some(line => line.startsWith('ClientDenied'))) await turn()
    await turn()
    vi.advanceTimersByTime(1_499)
    await turn()
    expect([caller.pair.acceptor.failure, port.denied]).toEqual([undefined, []])
    vi.advanceTimersByTime(1)
    await caller.over
    expect(port.denied).toMatchObject([{ why: 'not_trusted', thumbprint: stranger, role: undefined }])
  })

  test('whoever is let in has no clock any more', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    await using port = createAcceptor({ acceptTimeoutMs: 5_000, tcpListeningNextRequestIdleTimeoutMs: 0, pollingQueueWaitTimeoutMs: 9_000 })
    const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
    const caller = port.call(trusted)
    caller.say(subscriberOpening('poll://a/'))
    while (!caller.heard().includes(serverIdentity)) await turn()
    while (port.acceptor.subscribers.length === 0) await turn()
    vi.advanceTimersByTime(8_000)
    await turn()
    expect(caller.pair.acceptor.failure).toBeUndefined()
  })
})

describe('subscriptions', () => {
  test('a polling agent is told of when it comes and goes, and its queue when its last connection has gone', async () => {
    await using port = createAcceptor()
    const first = await port.subscriber('poll://A/')
    const second = await port.subscriber('poll://a/')
    expect(port.acceptor.subscribers).toMatchObject([
      { subscription: 'poll://a/', thumbprint: trusted },
      { subscription: 'poll://a/', thumbprint: trusted },
    ])
    first.pair.dialler.destroy()
    await first.over
    expect([port.acceptor.hasSubscriber('poll://a/'), port.queuesLeft]).toEqual([true, []])
    second.pair.dialler.destroy()
    await second.over
    expect([port.acceptor.hasSubscriber('poll://a/'), port.queuesLeft, port.acceptor.subscribers]).toEqual([false, ['poll://a/'], []])
    expect(port.told.filter(each => each.startsWith('subscriber'))).toEqual([
      'subscriberConnected poll://a/',
      'subscriberConnected poll://a/',
      'subscriberDisconnected poll://a/',
      'subscriberDisconnected poll://a/',
    ])
  })

  test('one that may not have its subscription is closed before it is answered, with the reason in the log', async () => {
    await using port = createAcceptor({}, { authoriseSubscriber: ({ subscription }) => subscription === 'poll://a/' || 'it is not yours' })
    const caller = port.call(trusted)
    caller.say(subscriberOpening('poll://b/'))
    await caller.over
    expect(caller.heard()).toBe('')
    expect(port.log.at(-1)).toMatch(/^ClientDenied: .* refused for subscription poll:\/\/b\/: it is not yours$/)
    expect(port.told.filter(each => each.startsWith('subscriber'))).toEqual([])
    expect(port.denied).toMatchObject([{ why: 'subscription_refused', thumbprint: trusted, subscription: 'poll://b/' }])
    await port.subscriber('poll://a/')
  })

  test('a subscription has so many connections, and one more when one has gone', async () => {
    await using port = createAcceptor({ maximumActiveTcpConnectionsPerPollingSubscription: 1 })
    const first = await port.subscriber('poll://a/')
    const surplus = port.call(trusted)
    surplus.say(subscriberOpening('poll://a/'))
    await surplus.over
    expect(surplus.heard()).toBe('')
    expect(port.log.at(-1)).toContain('has exceeded the maximum number of active connections (1)')
    await port.subscriber('poll://b/')
    first.pair.dialler.destroy()
    await first.over
    await port.subscriber('poll://a/')
  })

  test('a subscription that is no address ends its connection', async () => {
    await using port = createAcceptor()
    const caller = port.call(trusted)
    caller.say(subscriberOpening('nonsense'))
    await caller.over
    expect(port.log.at(-1)).toContain('Invalid URI')
  })
})

describe('the end', () => {
  test('a certificate that is not trusted any more loses its connections, and no other does', async () => {
    await using port = createAcceptor()
    port.trust.add(stranger)
    const its = [await port.subscriber('poll://a/', stranger), await port.subscriber('poll://b/', stranger)]
    const other = await port.subscriber('poll://c/')
    port.trust.remove(stranger)
    await Promise.all(its.map(({ over }) => over))
    expect(other.pair.acceptor.failure).toBeUndefined()
    expect(port.acceptor.subscribers.map(({ subscription }) => subscription)).toEqual(['poll://c/'])
  })

  test('it is drained when every connection has gone, and has no subscriber before that', async () => {
    await using port = createAcceptor()
    await port.subscriber('poll://a/')
    const caller = port.call(trusted)
    caller.say(clientOpening)
    await caller.answered()
    const order: string[] = []
    const drained = port.acceptor.drained().then(() => order.push('drained'))
    const gone = port.acceptor.subscribersGone().then(() => order.push('no subscriber'))
    port.queues.get('poll://a/')?.drain()
    await gone
    expect(order).toEqual(['no subscriber'])
    port.acceptor.close(new HalibutError('closed', 'it is over'))
    await drained
    expect(caller.pair.acceptor.failure).toMatchObject({ kind: 'closed' })
  })
})
