import { expect, test } from 'vitest'
import { HalibutError } from '../../../../../server/src/base/errors.ts'
import { RequestQueues } from '../../../../../server/src/runtime/queue/request-queues.ts'
import { failureOf } from '../../../../support/world.ts'

const uri = 'poll://agent/'
const closing = new HalibutError('closed', 'the runtime is closing')
const request = {
  id: '1',
  message: { document: Buffer.alloc(0), streams: [] },
  reader: { readAnswer: () => [] },
  thumbprint: undefined,
  queueTimeoutMs: undefined,
  signal: undefined,
}

/** The queues of a runtime, and who is connected. */
function createQueues() {
  const connected = new Set<string>()
  return { connected, queues: new RequestQueues(10, subscription => connected.has(subscription)) }
}

test('a queue stays as long as something is in it or a connection is there, and is then forgotten', async () => {
  const { queues, connected } = createQueues()
  const given = new AbortController()
  const call = failureOf(queues.of(uri).queueAndWait({ ...request, signal: given.signal }))
  expect([queues.count, queues.of(uri)]).toEqual([1, queues.of(uri)])
  given.abort()
  await call
  expect(queues.count).toBe(0)

  connected.add(uri)
  const source = queues.source(uri, 'A')
  const answered = queues.of(uri).queueAndWait(request)
  source.tryDequeue()?.answer(undefined)
  await answered
  expect(queues.count).toBe(1)
  connected.delete(uri)
  queues.left(uri)
  expect(queues.count).toBe(0)
})

test('when it drains, what nobody can collect fails, and what a connection can is collected', async () => {
  const { queues, connected } = createQueues()
  connected.add(uri)
  const source = queues.source(uri, 'A')
  const alone = failureOf(queues.of('poll://alone/').queueAndWait(request))
  const [first, second] = [queues.of(uri).queueAndWait(request), failureOf(queues.of(uri).queueAndWait(request))]
  queues.drain(closing)
  expect(await alone).toMatchObject({ kind: 'closed', phase: 'queue', delivery: 'not_sent', endpoint: 'poll://alone/' })
  const item = await source.dequeue(1_000)
  item?.answer(undefined)
  expect([await first, source.over]).toEqual([undefined, false])
  // The connection goes before it has collected the other one.
  connected.delete(uri)
  queues.left(uri)
  expect(await second).toMatchObject({ kind: 'closed', delivery: 'not_sent', endpoint: uri })
  expect([await source.dequeue(1_000), source.over]).toEqual([undefined, true])
})
