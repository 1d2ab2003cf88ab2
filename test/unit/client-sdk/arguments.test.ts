import { type CallOptions, createClient } from '@halibut-gateway/client'
import { createTestGateway } from '@halibut-gateway/client/testing'
import { dictionary, int32, int64, method, service, string } from '@halibut-gateway/schemas/contract'
import { expect, test } from 'vitest'

const settings = dictionary(string, int32)
const tools = service('IToolService', {
  Add: method(
    [
      ['a', int64],
      ['b', int64],
    ],
    int64,
  ),
  Configure: method([['settings', settings]], string),
  Find: [
    method([['id', int64]], string),
    method(
      [
        ['id', int64],
        ['settings', settings],
        ['name', string],
      ],
      string,
    ),
  ],
})

function createTools() {
  const gateway = createTestGateway()
  gateway.agent('web-1').service(tools, {
    Add: (a, b) => a + b,
    Configure: given => JSON.stringify(given),
    'Find(int64)': id => `${id}`,
    'Find(int64,dictionary<string,int32>,string)': (id, given, name) => `${id} ${JSON.stringify(given)} ${name}`,
  })
  let sockets = 0
  const client = createClient({
    url: 'http://test',
    webSocket: (url, protocols) => {
      sockets++
      return gateway.webSocket(url, protocols)
    },
  })
  const agent = client.agent('web-1')
  const remote = agent.service(tools)
  /** A call that the types would not let pass. */
  const call = (name: keyof typeof remote, ...args: unknown[]) => (remote[name] as (...all: unknown[]) => Promise<unknown>)(...args)
  return { gateway, client, agent, remote, call, sockets: () => sockets, [Symbol.asyncDispose]: async () => client.close() }
}

test.each([
  ['a surplus argument', [1n, 2n, 3n]],
  ['two surplus arguments', [1n, 2n, {}, {}]],
  ['an option that does not exist', [1n, 2n, { timeout: 5 }]],
  ['options in the place of an argument', [1n, { timeoutMs: 5 }]],
  ['something that only looks like options', [1n, 2n, new (class Options {})()]],
  ['null for options', [1n, 2n, null]],
])('%s is refused before anything is sent', async (_, args) => {
  await using it = createTools()
  await expect(it.call('Add', ...args)).rejects.toMatchObject({ kind: 'invalid_params', delivery: 'not_sent', errors: [{}] })
  expect(it.sockets()).toBe(0)
})

test.each<[string, CallOptions | undefined]>([
  ['empty options', {}],
  ['no options', undefined],
  ['some options', { timeoutMs: 1_000, signal: new AbortController().signal, cancel: 'skip' }],
])('%s may stand behind the arguments', async (_, options) => {
  await using it = createTools()
  expect(await it.remote.Add(1n, 2n, options)).toBe(3n)
})

test('an object that could be options is an argument where one fits', async () => {
  await using it = createTools()
  expect(await it.remote.Configure({ timeoutMs: 5 })).toBe('{"timeoutMs":5}')
  expect(await it.remote.Configure({})).toBe('{}')
  expect(await it.remote.Configure({ timeoutMs: 5 }, { timeoutMs: 1_000 })).toBe('{"timeoutMs":5}')
})

test('options stand behind the arguments of the shorter overload too', async () => {
  await using it = createTools()
  expect(await it.call('Find', 7n, { timeoutMs: 1_000 })).toBe('7')
  expect(await it.call('Find', 7n, { timeoutMs: 5 }, 'x')).toBe('7 {"timeoutMs":5} x')
  expect(await it.call('Find', 7n, { timeoutMs: 5 }, 'x', { timeoutMs: 1_000 })).toBe('7 {"timeoutMs":5} x')
})

const circle: unknown[] = []
circle.push(circle)

test.each([
  ['a circle', [circle]],
  [
    'what throws when it is written',
    [
      {
        toJSON: () => {
          throw new Error('not me')
        },
      },
    ],
  ],
])('%s in an untyped call is refused before anything is sent', async (_, args) => {
  await using it = createTools()
  await expect(it.agent.invoke('IToolService', 'Add', args)).rejects.toMatchObject({
    name: 'GatewayError',
    kind: 'invalid_argument',
    delivery: 'not_sent',
    cause: expect.any(Error),
  })
  expect([it.sockets(), it.client.state.at]).toEqual([0, 'idle'])
  expect(await it.remote.Add(1n, 2n)).toBe(3n)
  expect(it.sockets()).toBe(1)
})

test('a bigint and a Map in an untyped call go out as JSON forms', async () => {
  await using it = createTools()
  expect((await it.agent.invoke('IToolService', 'Add', [1n, 2n])).value).toBe('3')
  const refused = it.agent.invoke('IToolService', 'Add', [new Map([['a', 1n]]), new Map([[1, 'a']])])
  await expect(refused).rejects.toMatchObject({ kind: 'invalid_params', errors: [{ got: 'an object' }, { got: 'an array of 1' }] })
})

test('arguments are sent as they were when the call was made', async () => {
  await using it = createTools()
  const given = { a: 1 }
  const call = it.agent.invoke('IToolService', 'Configure', [given])
  given.a = 2
  expect((await call).value).toBe('{"a":1}')
})
