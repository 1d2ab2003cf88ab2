import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { deferred } from '../../../../server/src/base/deferred.ts'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { defaultLimits } from '../../../../server/src/base/limits.ts'
import { TypeRegistry } from '../../../../server/src/codec/contract-values.ts'
import { Transfer } from '../../../../server/src/exchange/transfer.ts'
import { RuntimeMemory } from '../../../../server/src/runtime/connection-memory.ts'
import { parseEndpoint } from '../../../../server/src/runtime/endpoint.ts'
import { type PollingLoopOptions, runPollingLoop } from '../../../../server/src/runtime/polling-loop.ts'
import { type ChannelPair, channelPair } from '../../../support/channel-pair.ts'
import { serverIdentity } from '../../../support/scripted-halibut.ts'

const ownThumbprint = 'A'.repeat(40)
const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  vi.spyOn(Math, 'random').mockReturnValue(0.5)
})

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

/** What a dial comes to: an error, or a client that lets the agent in; `strange`: one that hangs up instead. */
type Outcome = HalibutError | 'client' | 'strange'

/** A loop in memory; `outcome` tells what its next dial comes to. */
function createLoop(outcome: (dial: number) => Outcome) {
  const limits = { ...defaultLimits, tcpClientReceiveTimeoutMs: 0, tcpClientReceiveRequestTimeoutForPollingMs: 0 }
  const memory = new RuntimeMemory(limits)
  const draining = new AbortController()
  const cutting = new AbortController()
  const startedAt = performance.now()
  const dials: number[] = []
  const pairs: ChannelPair[] = []
  const log: string[] = []
  let identified = 0
  const options: PollingLoopOptions = {
    endpoint: parseEndpoint({ uri: 'https://client:10943/', thumbprint: 'B'.repeat(40) }, limits),
    subscription: 'poll://agent/',
    service: {
      registry: new TypeRegistry(),
      handle: () => Promise.reject(new Error('nothing is called here')),
      refuse: () => undefined,
      onTooMuch: () => undefined,
      serving: new Set(),
      draining: false,
    } as unknown as PollingLoopOptions['service'],
    limits,
    async dial() {
      dials.push(performance.now() - startedAt)
      const its = outcome(dials.length)
      if (its instanceof HalibutError) throw its
      const pair = channelPair()
      pairs.push(pair)
      void play(pair, its)
      return new Transfer(pair.dialler, memory.exchange('', undefined))
    },
    signal: cutting.signal,
    draining: draining.signal,
    onIdentified: () => identified++,
    ownThumbprint,
    log: message => log.push(message),
  }

  async function play({ acceptor }: ChannelPair, its: 'client' | 'strange'): Promise<void> {
    let heard = ''
    while (!heard.endsWith('poll://agent/\r\n\r\n')) heard += String(await acceptor.read())
    if (its === 'strange') acceptor.destroy()
    else await acceptor.write(Buffer.from(serverIdentity))
  }

  const over = runPollingLoop(options)
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 30; i++) await turn()
  }
  return {
    dials,
    log,
    draining,
    over,
    options,
    identified: () => identified,
    settle,
    /** The time goes on by so much, and all that follows from it happens. */
    async after(ms: number): Promise<void> {
      await settle()
      vi.advanceTimersByTime(ms)
      await settle()
    },
    /** The time goes on to the end of the pause. */
    async next(): Promise<void> {
      await settle()
      vi.advanceTimersToNextTimer()
      await settle()
    },
    /** The last connection breaks. */
    async breakOff(): Promise<void> {
      pairs.at(-1)?.acceptor.destroy()
      await settle()
    },
    async [Symbol.asyncDispose]() {
      draining.abort()
      cutting.abort()
      await over
      for (const pair of pairs) await pair[Symbol.asyncDispose]()
    },
  }
}

const refused = new HalibutError('connect_refused', 'nobody listens there')
const timedOut = new HalibutError('connect_timeout', 'nobody answered')
const mismatch = new HalibutError('thumbprint_mismatch', 'that is somebody else')

test('after a connection that worked it dials again in the least time, however long that lasted', async () => {
  await using loop = createLoop(() => 'client')
  await loop.after(600_000)
  expect([loop.dials, loop.identified()]).toEqual([[0], 1])
  await loop.breakOff()
  await loop.after(4_999)
  expect(loop.dials).toHaveLength(1)
  await loop.after(1)
  expect([loop.dials.length, loop.identified()]).toEqual([2, 2])
  expect(loop.log).toHaveLength(1)
  expect(loop.log[0]).toMatch(/^the connection to https:\/\/client:10943\/ broke off: .*\. Trying again in 5\.0 seconds$/)
})

test('while nobody is there its pauses grow with the time since the first try, up to the longest', async () => {
  await using loop = createLoop(() => refused)
  for (let i = 0; i < 6; i++) await loop.next()
  // 5 s at least, then one and a half times what has passed since the first try, 120 s at most.
  expect(loop.dials.map(ms => ms / 1_000)).toEqual([0, 5, 12.5, 31.25, 78.125, 195.312, 315.312])
  expect(loop.log.slice(0, 2)).toEqual([
    expect.stringMatching(/Trying again in 5\.0 seconds$/),
    expect.stringMatching(/Trying again in 7\.5 seconds$/),
  ])
})

test('a success ends the memory of failures before it', async () => {
  await using loop = createLoop(dial => (dial === 4 ? 'client' : refused))
  for (let i = 0; i < 40; i++) await loop.after(1_000)
  expect([loop.dials.length, loop.identified()]).toEqual([4, 1])
  await loop.breakOff()
  await loop.after(5_000)
  expect(loop.dials).toHaveLength(5)
  await loop.after(5_000)
  expect(loop.dials).toHaveLength(6)
})

test.each([
  ['a dial without an answer is tried five times a second apart', timedOut, [0, 1, 2, 3, 4]],
  ['nobody who listens is not tried again before the pause', refused, [0]],
  ['somebody else’s certificate is not tried again before the pause', mismatch, [0]],
  ['a client that hangs up is not tried again before the pause', 'strange' as const, [0]],
])('%s', async (_what, outcome, seconds) => {
  await using loop = createLoop(() => outcome)
  for (let i = 0; i < 4; i++) await loop.after(1_000)
  expect(loop.dials.map(ms => Math.round(ms / 1_000))).toEqual(seconds)
})

test.each([
  ['while it pauses', refused],
  ['between two attempts', timedOut],
])('it ends at once when it is told to %s', async (_when, outcome) => {
  const loop = createLoop(() => outcome)
  await loop.settle()
  loop.draining.abort()
  await loop.over
  expect([loop.dials, vi.getTimerCount()]).toEqual([[0], 0])
})

test('it ends a dial that is under way when it is told to, and logs nothing', async () => {
  const { promise, reject } = deferred<Transfer>()
  const loop = createLoop(() => refused)
  await using other = createLoop(() => refused)
  loop.draining.abort()
  await loop.over
  const log: string[] = []
  const draining = new AbortController()
  const over = runPollingLoop({
    ...other.options,
    draining: draining.signal,
    dial: signal => {
      signal.addEventListener('abort', () => reject(signal.reason))
      return promise
    },
    log: message => log.push(message),
  })
  await loop.settle()
  draining.abort(new HalibutError('closed', 'the runtime is closing'))
  await over
  expect(log).toEqual([])
})

test('it ends a connection that is there in the moment in which it is told to end', async () => {
  await using loop = createLoop(() => refused)
  await using pair = channelPair()
  const transfer = new Transfer(pair.dialler, new RuntimeMemory(defaultLimits).exchange('', undefined))
  const draining = new AbortController()
  const { promise, resolve } = deferred<Transfer>()
  const over = runPollingLoop({ ...loop.options, draining: draining.signal, dial: () => promise })
  resolve(transfer)
  draining.abort()
  await over
  await transfer.channel.closed
})
