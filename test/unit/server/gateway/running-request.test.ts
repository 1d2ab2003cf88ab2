import { facadeLimits } from '@halibut-gateway/schemas/wire'
import { afterEach, expect, test, vi } from 'vitest'
import { offAbort, onAbort } from '../../../../server/src/base/abort-listeners.ts'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { Outbox } from '../../../../server/src/gateway/outbox.ts'
import { ReplayMemory } from '../../../../server/src/gateway/replay-memory.ts'
import { RunningRequest } from '../../../../server/src/gateway/running-request.ts'
import { SlowReaders } from '../../../../server/src/gateway/slow-readers.ts'
import { noStreams } from '../../../../server/src/gateway/streams/stream-table.ts'

const { itemCredit } = facadeLimits

const made: Outbox[] = []
afterEach(() => {
  for (const outbox of made.splice(0)) outbox.close()
})

/** A watch whose items go into an outbox with a socket that takes nothing. */
function createWatch() {
  const owner = { outboxFull: () => undefined, outboxStalled: () => undefined, outboxSent: () => undefined }
  const outbox = new Outbox(owner, new ReplayMemory(1_000_000, () => undefined), new SlowReaders())
  made.push(outbox)
  const sent: (() => void)[] = []
  outbox.attach({ send: (_, done) => void sent.push(done) })
  const awaited = vi.spyOn(outbox, 'awaitWritable')
  const forgotten = vi.spyOn(outbox, 'forget')
  const host = { id: 's', principal: { name: 'test', role: 'viewer' as const }, outbox, send: () => undefined }
  const watch = new RunningRequest(host, { jsonrpc: '2.0', id: 1, method: 'agents.watch' }, { receivedMs: 0, isLong: false }, noStreams())
  return { watch, outbox, sent, awaited, forgotten }
}

const item = { type: 'removed', id: 'a' }

function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

test('credit that grants nothing leaves nothing behind', async () => {
  const { watch, awaited } = createWatch()
  for (let i = 1; i <= itemCredit; i++) watch.sendItem(i, item)
  let writable = false
  void watch.writable().then(() => {
    writable = true
  })
  for (let i = 0; i < 100; i++) {
    watch.credit(i % itemCredit)
    await Promise.resolve()
  }
  await turn()
  expect([writable, awaited.mock.calls.length]).toEqual([false, 0])
  watch.credit(itemCredit + 1)
  await turn()
  expect(writable).toBe(true)
})

test('credit for more items than may be under way holds', async () => {
  const { watch } = createWatch()
  watch.credit(5 * itemCredit)
  for (let i = 1; i <= 5 * itemCredit; i++) {
    await watch.writable()
    watch.sendItem(i, item)
  }
  let writable = false
  const more = watch.writable().then(() => {
    writable = true
  })
  await turn()
  expect(writable).toBe(false)
  watch.stop(new HalibutError('cancelled', 'enough'))
  await more
})

test('a watch that is stopped while the socket is full is not kept by the outbox', async () => {
  const { watch, outbox, awaited, forgotten } = createWatch()
  outbox.send('x'.repeat(300_000), true)
  const writable = watch.writable()
  for (let i = 0; i < 3; i++) {
    watch.credit(itemCredit)
    await turn()
  }
  expect(awaited.mock.calls.length).toBe(1)
  watch.stop(new HalibutError('cancelled', 'enough'))
  await writable
  expect(forgotten).toHaveBeenCalledWith(watch)
})

test('a watch goes on once the socket has taken what waited', async () => {
  const { watch, outbox, sent } = createWatch()
  outbox.send('x'.repeat(300_000), true)
  let writable = false
  void watch.writable().then(() => {
    writable = true
  })
  await turn()
  expect(writable).toBe(false)
  for (const done of sent) done()
  await turn()
  expect(writable).toBe(true)
})

test('a signal serves another request only where nobody holds it any more', () => {
  const { watch: first } = createWatch()
  const held = (): void => undefined
  onAbort(first.signal, held)
  first.recycle()
  const { watch: second } = createWatch()
  expect(second.signal).not.toBe(first.signal)
  offAbort(first.signal, held)
  first.recycle()
  expect(createWatch().watch.signal).toBe(first.signal)
  second.stop(new HalibutError('cancelled', 'given up'))
  second.recycle()
  expect(createWatch().watch.signal).not.toBe(second.signal)
})
