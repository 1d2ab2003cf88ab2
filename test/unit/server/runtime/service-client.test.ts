import { dictionary, int64, method, service, string } from '@halibut-gateway/schemas/contract'
import { expect, test } from 'vitest'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { TypeRegistry } from '../../../../server/src/codec/contract-values.ts'
import { createServiceClient } from '../../../../server/src/runtime/service-client.ts'
import { calculatorService, echoService } from '../../../support/sample-contracts.ts'

interface Called {
  readonly signature: string
  readonly args: readonly unknown[]
  readonly options: unknown
}

function clientOf(contract: Parameters<TypeRegistry['register']>[0]): Record<string, (...args: unknown[]) => Promise<Called>> {
  const compiled = new TypeRegistry().register(contract)
  return createServiceClient(compiled, async ({ signature }, args, options) => ({ signature, args, options })) as never
}

test('a method is called by its name with its arguments', async () => {
  const client = createServiceClient<typeof calculatorService>(new TypeRegistry().register(calculatorService), async (_, args) => args[0])
  expect(await client.Add(1n, 2n)).toBe(1n)
  expect(await client['Overloaded(int64,int64)'](3n, 4n)).toBe(3n)
})

test('one argument more is the options of the call', async () => {
  const client = clientOf(calculatorService)
  const options = { timeoutMs: 5, signal: undefined, queueTimeoutMs: 7 }
  expect(await client['Add']?.(1n, 2n)).toEqual({ signature: 'Add(int64,int64)', args: [1n, 2n], options: undefined })
  expect(await client['Add']?.(1n, 2n, options)).toEqual({ signature: 'Add(int64,int64)', args: [1n, 2n], options })
  expect(await client['Add(int64,int64)']?.(1n, 2n, undefined)).toEqual({
    signature: 'Add(int64,int64)',
    args: [1n, 2n],
    options: undefined,
  })
})

test.each([
  [[1n], 'not 1'],
  [[1n, 2n, 3n], 'call options have'],
  [[1n, 2n, { timeout: 5 }], 'call options have'],
  [[1n, 2n, new Date(0)], 'call options have'],
  [[1n, 2n, {}, {}], 'not 4'],
])('arguments %o are rejected, not thrown', async (args, text) => {
  const failure = await clientOf(calculatorService)
    ['Add']?.(...args)
    .catch((why: unknown) => why)
  expect(failure).toBeInstanceOf(HalibutError)
  expect(failure).toMatchObject({ kind: 'invalid_argument', delivery: 'not_sent' })
  expect((failure as Error).message).toContain(text)
})

test('the values decide the overload, with options and without', async () => {
  const client = clientOf(echoService)
  const options = { timeoutMs: 5 }
  expect(await client['Hello']?.()).toMatchObject({ signature: 'Hello()', options: undefined })
  expect(await client['Hello']?.(options)).toMatchObject({ signature: 'Hello()', args: [], options })
  expect(await client['Hello']?.('a')).toMatchObject({ signature: 'Hello(string?)', args: ['a'] })
  expect(await client['Hello']?.('a', options)).toMatchObject({ signature: 'Hello(string?)', args: ['a'], options })
  expect(await client['Hello']?.('a', undefined)).toMatchObject({ signature: 'Hello(string?)', args: ['a'], options: undefined })
  expect(await client['Hello']?.('a', 'b', options)).toMatchObject({ signature: 'Hello(string?,string?)', args: ['a', 'b'], options })
  expect(await client['Ambiguous']?.('a', ['b', 'c'])).toMatchObject({ signature: 'Ambiguous(string?,tuple<string?,string?>?)' })
  expect(await clientOf(calculatorService)['Overloaded']?.(1.5, 2.5)).toMatchObject({ signature: 'Overloaded(double,double)' })
})

test('where an overload takes what looks like options, it is an argument', async () => {
  const contract = service('IOneService', {
    Do: [
      method([['a', string]], string),
      method(
        [
          ['a', string],
          ['b', dictionary(string, int64)],
        ],
        string,
      ),
    ],
  })
  const client = clientOf(contract)
  expect(await client['Do']?.('a', { timeoutMs: 5n })).toMatchObject({
    signature: 'Do(string,dictionary<string,int64>)',
    options: undefined,
  })
  expect(await client['Do(string)']?.('a', { timeoutMs: 5 })).toMatchObject({ signature: 'Do(string)', options: { timeoutMs: 5 } })
})

test('values that fit no overload, or several, are rejected with the signatures', async () => {
  const client = clientOf(echoService)
  await expect(client['Hello']?.(5n)).rejects.toMatchObject({
    kind: 'invalid_argument',
    message: expect.stringContaining('Hello(string?)'),
  })
  await expect(client['Ambiguous']?.('a', null)).rejects.toMatchObject({
    kind: 'ambiguous_method',
    message: expect.stringContaining('Ambiguous(string?,string?)'),
  })
})

test('a client has the methods of its contract and nothing else', async () => {
  const client = clientOf(calculatorService)
  for (const name of ['then', 'catch', 'toString', 'toJSON', 'constructor', '__proto__', 'hasOwnProperty', 'add', 'Sub']) {
    expect(client[name]).toBeUndefined()
  }
  expect(Object.getPrototypeOf(client)).toBeNull()
  expect(Object.isFrozen(client)).toBe(true)
  expect(await client).toBe(client)
  expect(Object.keys(client)).toContain('Overloaded(decimal,decimal)')
})

test('methods named like parts of every object are ordinary ones, and then is called by its signature', async () => {
  const names = ['__proto__', 'constructor', 'then']
  const methods = names.map(name => ({ name, params: [], result: 'string' }))
  const client = clientOf({ contract: 1, service: 'IOneService', methods })
  const [proto = ''] = names
  expect(await client[proto]?.()).toMatchObject({ signature: '__proto__()' })
  expect(await client['constructor']?.()).toMatchObject({ signature: 'constructor()' })
  expect(client['then']).toBeUndefined()
  expect(await client['then()']?.()).toMatchObject({ signature: 'then()' })
})
