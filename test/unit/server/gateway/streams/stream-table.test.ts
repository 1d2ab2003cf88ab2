import { expect, test } from 'vitest'
import { StreamTable } from '../../../../../server/src/gateway/streams/stream-table.ts'
import { announcedStreams } from '../../../../../server/src/rpc/announced-streams.ts'

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
