import {
  type Collection,
  emptyCollection,
  type ReadyCall,
  runCollection,
  type Seen,
  verdictsAnew,
} from '@halibut-gateway/schemas/collection'
import { expect, test } from 'vitest'

type Sent = Exclude<Seen, { at: 'not_made' }>
const answered = (value: unknown): Sent => ({ at: 'answered', value, durationMs: 1 })
const failed: Sent = { at: 'failed', kind: 'connect_refused', message: 'nobody listens', elapsedMs: 1 }
const named = (name: string, more: object = {}) => ({ name, agent: 'web-1', service: 'S', method: 'M', args: [] as unknown[], ...more })
const collection = (calls: readonly object[], variables: object = {}): Collection =>
  ({ ...emptyCollection('Some'), variables, calls }) as Collection
const none = () => []

test('calls are made in their order with their variables, and all of them where none is to stop', async () => {
  const sent: ReadyCall[] = []
  const calls = [
    named('first', { args: ['{{who}}', '{{count}}'], timeoutMs: 5, assertions: [{ path: '$', equals: 'Hello {{who}}' }] }),
    named('second'),
    named('third', { agent: '{{agent}}' }),
  ]
  const report = await runCollection(collection(calls, { who: { value: 'Ada' }, count: { value: 1 }, agent: { value: 'web-2' } }), {
    agentsWith: none,
    values: { who: 'Bob' },
    send: async call => {
      sent.push(call)
      return sent.length === 2 ? failed : answered('Hello Bob')
    },
  })
  expect(sent).toEqual([
    { agent: 'web-1', service: 'S', method: 'M', args: ['Bob', 1], timeoutMs: 5 },
    { agent: 'web-1', service: 'S', method: 'M', args: [] },
    { agent: 'web-2', service: 'S', method: 'M', args: [] },
  ])
  expect(report).toMatchObject({ passed: false, left: 0, calls: [{ passed: true }, { passed: false }, { passed: true, agent: 'web-2' }] })
})

test('after a failure nothing is begun where that is to be so, and after a cancel neither', async () => {
  const calls = [named('first'), named('second'), named('third')]
  const stopped = await runCollection(collection(calls), { agentsWith: none, send: async () => failed, stopAtFailure: true })
  expect([stopped.calls.length, stopped.left, stopped.passed]).toEqual([1, 2, false])
  const stop = new AbortController()
  const cancelled = await runCollection(collection(calls), {
    agentsWith: none,
    signal: stop.signal,
    send: async () => {
      stop.abort()
      return answered(1)
    },
  })
  expect([cancelled.calls.length, cancelled.left, cancelled.passed]).toEqual([1, 2, false])
})

test('a call of a tag is made at each agent that has it, some at a time, and told in the order of the ids', async () => {
  const ids = Array.from({ length: 30 }, (_, i) => `web-${i}`)
  let open = 0
  let most = 0
  const report = await runCollection(collection([named('all', { agent: undefined, tag: '{{tag}}' })], { tag: { value: 'web' } }), {
    agentsWith: tag => (tag === 'web' ? ids : []),
    send: async ({ agent }) => {
      most = Math.max(most, ++open)
      await new Promise<void>(resolve => setImmediate(resolve))
      open--
      return answered(agent)
    },
  })
  expect(report.calls.map(({ agent }) => agent)).toEqual(ids)
  expect(most).toBe(8)
})

test('what ends a run ends it at all agents of a tag: no further call is begun', async () => {
  const ids = Array.from({ length: 30 }, (_, i) => `web-${i}`)
  const sent: string[] = []
  const run = runCollection(collection([named('all', { agent: undefined, tag: 'web' })]), {
    agentsWith: () => ids,
    send: async ({ agent }) => {
      sent.push(agent)
      if (agent === 'web-0') throw new Error('the gateway is gone')
      await new Promise<void>(resolve => setImmediate(resolve))
      return answered(agent)
    },
  })
  await expect(run).rejects.toThrow('the gateway is gone')
  for (let turns = 0; turns < 8; turns++) await new Promise<void>(resolve => setImmediate(resolve))
  expect(sent).toEqual(ids.slice(0, 8))
})

test('a call that cannot be made is not, and says why', async () => {
  const calls = [named('no value', { args: ['{{later}}', '{{later}}'] }), named('nobody', { agent: undefined, tag: 'x' })]
  const report = await runCollection(collection(calls, { later: {} }), {
    agentsWith: none,
    send: () => Promise.reject(new Error('it was made')),
  })
  expect(report.calls.map(({ verdicts }) => verdicts[0]?.seen)).toEqual([
    'it was not made: the variable later has no value',
    'it was not made: no agent has the tag x',
  ])
})

test('only the calls that were named are made', async () => {
  const report = await runCollection(collection([named('first'), named('second')]), {
    agentsWith: none,
    only: ['second'],
    send: async () => answered(1),
  })
  expect(report.calls.map(({ name }) => name)).toEqual(['second'])
})

test('the value of a secret stands nowhere in what is told, cut in two or not', async () => {
  const pin = 'open "sesame" please'
  const calls = [
    named('echo', {
      args: ['{{pin}}'],
      assertions: [
        { path: '$.pin', equals: '{{pin}}x' },
        { path: '$.long', equals: 1 },
      ],
    }),
    named('fails', { args: ['{{pin}}'] }),
  ]
  const report = await runCollection(collection(calls, { pin: { secret: true } }), {
    agentsWith: none,
    values: { pin },
    send: async ({ args }) =>
      args.length === 1 && calls.length === 2 && args[0] === pin
        ? { at: 'answered', value: { pin, long: `${'x'.repeat(190)}${pin}`, [pin]: [pin] }, durationMs: 1 }
        : failed,
  })
  const told = JSON.stringify(report)
  expect(told).toContain('•••')
  for (const part of [pin, JSON.stringify(pin).slice(1, -1), 'sesame', 'open']) expect(told).not.toContain(part)
  expect(report.calls[0]?.verdicts.map(({ passed }) => passed)).toEqual([false, false])
})

test('assertions say the same of an answer that is there as of one that comes', async () => {
  const saved = named('first', { assertions: [{ path: '$', equals: '{{who}}' }, { fasterThanMs: 2 }] })
  const some = collection([saved], { who: { value: 'Ada' } })
  const report = await runCollection(some, { agentsWith: none, send: async () => answered('Ada') })
  expect(verdictsAnew(some, some.calls[0] as never, answered('Ada')).verdicts).toEqual(report.calls[0]?.verdicts)
  expect(verdictsAnew(some, some.calls[0] as never, answered('Ada'), { who: 'Bob' }).verdicts[0]).toMatchObject({ passed: false })
})
