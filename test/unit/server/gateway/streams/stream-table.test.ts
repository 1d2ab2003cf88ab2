import { expect, test } from 'vitest'
import { HalibutError } from '../../../../../server/src/base/errors.ts'
import { MemoryBudget } from '../../../../../server/src/base/memory-budget.ts'
import { StreamTable } from '../../../../../server/src/gateway/streams/stream-table.ts'
import { announcedStreams } from '../../../../../server/src/rpc/announced-streams.ts'
import { DataStream } from '../../../../../server/src/runtime/data-streams.ts'

const unused = (): never => {
  throw new Error('not used here')
}

test.each([
  [[{ $stream: 2 }], '/args/0/$stream'],
  [[1, { 'a/b': [{ $stream: 1 }, { $stream: 4 }] }], '/args/1/a~1b/1/$stream'],
])('the error of a handle that is not fresh names its place: %j', (args, path) => {
  const table = new StreamTable({
    sendBinary: unused,
    together: unused,
    notify: () => undefined,
    violated: unused,
    toRpcError: unused,
    createSpool: unused,
  } as never)
  const params = { agent: 'a', args }
  let thrown: unknown
  try {
    table.announce(announcedStreams(params), params)
  } catch (why) {
    thrown = why
  }
  expect(thrown).toMatchObject({ kind: 'invalid_params', errors: [{ path, expected: 'a fresh odd number, larger than all before' }] })
})

/** A session that has been offered downloads of 1 MB each; nobody reads them. */
function offered(memory: MemoryBudget, session: string, count: number) {
  const begun: number[] = []
  const table = new StreamTable({
    sendBinary: () => true,
    together: (write: () => void) => write(),
    notify: () => undefined,
    memory: memory.share(session),
    over: () => undefined,
  } as never)
  const streams = table.announce([])
  const handles = Array.from({ length: count }, (_, i) =>
    streams.offer(
      new DataStream(1_000_000, {
        pump: () => {
          begun.push(i)
          return new Promise(() => undefined)
        },
      }),
    ),
  )
  streams.begin()
  return { begun, table, ids: handles.map(({ $stream }) => $stream) }
}

test('downloads that all sessions have no memory for begin as others are over, those of each in order, and one in any case', () => {
  const each = 512 * 1024
  const memory = new MemoryBudget(8 * each, 'limit')
  const greedy = offered(memory, 'greedy', 40)
  expect([greedy.begun, memory.used]).toEqual([[0, 1, 2, 3], 4 * each])
  const second = offered(memory, 'second', 3)
  const third = offered(memory, 'third', 3)
  expect([second.begun, third.begun]).toEqual([[0, 1], [0]])
  greedy.table.cancelled({ stream: greedy.ids[0] as number })
  greedy.table.cancelled({ stream: greedy.ids[1] as number })
  greedy.table.cancelled({ stream: greedy.ids[2] as number })
  // A credit of a session that waits finds what others have left.
  third.table.credit({ stream: third.ids[0] as number, offset: 300_000, acknowledged: 0 })
  expect([greedy.begun.length < 7, third.begun]).toEqual([true, [0, 1]])
  const begun = greedy.begun.length
  for (const { table } of [greedy, second, third]) table.close(new HalibutError('closed', 'over'))
  // What has not begun is skipped at the agent, where a reader that breaks off costs its connection.
  expect([memory.used, greedy.begun.length]).toEqual([0, begun])
})
