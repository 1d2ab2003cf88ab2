import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { dataStream, dictionary, int64, method, object, service, string, uint32 } from '@halibut-gateway/schemas/contract'
import { expect, test } from 'vitest'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { DataStream } from '../../../../server/src/codec/data-stream.ts'
import { translateRemoteError } from '../../../../server/src/runtime/remote-error.ts'
import type { CallContext } from '../../../../server/src/runtime/service-host.ts'
import { calculatorService, echoService } from '../../../support/sample-contracts.ts'
import { addSampleServices, calculator, echo, recordedValue } from '../../../support/sample-services.ts'
import { createHost, type HostUnderTest } from '../../../support/service-calls.ts'

const invoked = 'System.Reflection.TargetInvocationException: Exception has been thrown by the target of an invocation.'

type Param = string | null | { readonly int64: string } | { readonly int32: number }
interface ServerError {
  readonly mode: string
  readonly request: { readonly service: string; readonly method: string; readonly params: readonly Param[] }
  readonly error: { readonly message: string; readonly details: string; readonly HalibutErrorType: string | null }
}

const recorded = JSON.parse(readFileSync(new URL('../../../vectors/errors.json', import.meta.url), 'utf8')) as {
  serverErrors: ServerError[]
}

function fromTyped(param: Param): unknown {
  if (param === null || typeof param === 'string') return param
  return 'int64' in param ? BigInt(param.int64) : param.int32
}

function sampleHost(): HostUnderTest {
  const sample = createHost()
  addSampleServices((contract, implementation, options) => sample.host.add(contract, implementation, options))
  return sample
}

/** A host with one service whose only method does this. */
function hostOf(handler: (...args: never[]) => unknown, contract = oneMethod): HostUnderTest {
  const sample = createHost()
  sample.host.add(contract, { Do: handler })
  return sample
}
const oneMethod = service('IOneService', { Do: method([], string) })

test('there are 28 recorded errors of the reference service', () => {
  expect(recorded.serverErrors).toHaveLength(28)
})

for (const { mode, request, error } of recorded.serverErrors) {
  const args = request.params.map(fromTyped)
  test(`${mode}: ${request.service}.${request.method}(${args.join(', ')}) fails as at the reference service`, async () => {
    const response = await sampleHost().call(request.service, request.method, ...args)
    expect(response.id).toBe('r1')
    expect(response.error?.message).toBe(error.message)
    expect(response.error?.type).toBe(error.HalibutErrorType)
    expect(response.error?.details?.split('\n')[0]).toBe(error.details.split('\n')[0])
    expect(response.result.clrType).toBe('<null>')
  })
}

test('what a service throws is told with type, message, inner error and stack', async () => {
  const { error } = await sampleHost().call('IEchoService', 'CrashInner')
  expect(error?.details).toContain(
    `${invoked}\n ---> System.InvalidOperationException: Outer trouble\n ---> System.IO.FileNotFoundException: `,
  )
  expect(error?.details).toMatch(/\n {3}at .*sample-services\.ts/)
})

test('R01 an unknown service is answered with its error type and text', async () => {
  const { error } = await sampleHost().call('IFoo', 'Bar')
  expect(error).toMatchObject({ message: 'Service not found: IFoo', type: 'Halibut.Exceptions.ServiceNotFoundHalibutClientException' })
})

test('R02 an unknown method is answered with its error type', async () => {
  const { error } = await sampleHost().call('IEchoService', 'Bar')
  expect(error?.type).toBe('Halibut.Exceptions.MethodNotFoundHalibutClientException')
})

test('R03 null for two overloads of reference types is ambiguous, and the answer names the method', async () => {
  const { error } = await sampleHost().call('IEchoService', 'Ambiguous', 'a', null)
  expect(error?.type).toBe('Halibut.Exceptions.AmbiguousMethodMatchHalibutClientException')
  expect(error?.message).toContain('Ambiguous')
})

test('R04 a service that throws: the caller sees an invocation error with the remote text', async () => {
  const { error } = await sampleHost().call('IEchoService', 'Crash')
  const raised = translateRemoteError(error ?? { message: '' }, { endpoint: 'https://agent/' })
  expect(raised).toMatchObject({ kind: 'service_failed', delivery: 'executed' })
  expect(raised.dotnetMessage.startsWith(`Attempted to divide by zero.\n\nServer exception: \n${invoked}`)).toBe(true)
})

test('R07 services and methods are found in any letter case, and only by their own names', async () => {
  const sample = sampleHost()
  for (const [name, of] of [
    ['iechoservice', 'SayHello'],
    ['IEchoService', 'sayhello'],
    ['IECHOSERVICE', 'SAYHELLO'],
  ] as const) {
    expect((await sample.call(name, of, 'Paul')).result.value).toBe('Paul...')
  }
  const messageOf = async (name: string | null, of: string | null): Promise<unknown> => (await sample.call(name, of, 'Paul')).error?.message
  expect(await messageOf('IEchoService', 'SayHelloAsync')).toBe('Method Sample.Contracts.EchoService::SayHelloAsyncAsync not found')
  expect(await messageOf('IEchoService', 'ToString')).toBe('Method Sample.Contracts.EchoService::ToStringAsync not found')
  expect(await messageOf('IEchoService', null)).toBe('Method Sample.Contracts.EchoService::Async not found')
  expect(await messageOf('Sample.Contracts.IEchoService', 'SayHello')).toBe('Service not found: Sample.Contracts.IEchoService')
  expect(await messageOf('__proto__', 'SayHello')).toBe('Service not found: __proto__')
  expect(await messageOf(null, 'SayHello')).toBe("Value cannot be null. (Parameter 'key')")
  expect((await sample.call(null, 'SayHello', 'Paul')).error?.type).toBeNull()
})

test('a synchronous method is answered without a promise, an asynchronous one with one', async () => {
  const sample = sampleHost()
  const handled = sample.handle('ICalculatorService', 'Add', 2n, 3n)
  expect(handled).not.toBeInstanceOf(Promise)
  expect(sample.read(await handled).result.value).toBe(5n)
  expect(sample.handle('IEchoService', 'CrashInner')).toBeInstanceOf(Promise)
})

test('the arguments decide the overload, and nothing is converted', async () => {
  const sample = sampleHost()
  expect((await sample.call('ICalculatorService', 'Overloaded', 2n, 3n)).result.value).toBe(5n)
  expect((await sample.call('ICalculatorService', 'Overloaded', 2.5, 2.5)).result.value).toBe(5.25)
  expect((await sample.call('ICalculatorService', 'Overloaded', 2n, 2.5)).error?.message).toContain(
    'The request arguments were:\nInt64, Double\n',
  )
  expect((await sample.call('IEchoService', 'Hello')).result.value).toBe('Hello')
  expect((await sample.call('IEchoService', 'Hello', 'a', 'b')).result.value).toBe('Hello a b')
  expect((await sample.call('IEchoService', 'SayHello', null)).result.value).toBe('...')
})

test('a method without a result answers null whatever its handler gives', async () => {
  const sample = createHost()
  sample.host.add(service('IOneService', { Do: method([]) }), { Do: () => 'ignored' })
  const response = await sample.call('IOneService', 'Do')
  expect(response.error).toBeNull()
  expect(response.result.clrType).toBe('<null>')
})

test('the sample services behave as the recorded ones', async () => {
  const sample = sampleHost()
  const result = async (...call: Parameters<HostUnderTest['call']>): Promise<unknown> => (await sample.call(...call)).result.value
  expect(await result('IEchoService', 'DescribeBytes', Buffer.of(1, 2, 3))).toBe('{"t":"Byte[]","v":"010203"}')
  expect(await result('IEchoService', 'DescribeLong', 5n)).toBe('{"t":"Int64","v":"5"}')
  const date = new Date('2020-01-02T03:04:05.678Z')
  const described = '{"t":"DateTime","v":"2020-01-02T13:04:05.6780000+10:00","kind":"Local","ticks":"637135670456780000"}'
  expect(await result('IEchoService', 'DescribeDate', date)).toBe(described)
  expect(await result('IEchoService', 'DescribeDate', new Date(-1))).toContain('"ticks":"621356327999990000"')
  expect(await result('IEchoService', 'DescribeDate', new Date(253_402_300_799_999))).toContain('"v":"9999-12-31T23:59:59.9999999+10:00"')
  expect(await result('IEchoService', 'DescribeBytes', null)).toBe('null')
  expect(await result('IEchoService', 'Bytes', 5n)).toEqual(Buffer.from('0726456483', 'hex'))
  expect(await result('ITypesService', 'GetNullableLong', 1n)).toBe(recordedValue('NullableLong', 1))
  expect(await result('IEchoService', 'Slow', 0n)).toBe('slept 0')
})

test('a service sees who calls and when the connection is lost', async () => {
  let seen: CallContext | undefined
  const sample = hostOf((context: CallContext) => {
    seen = context
    return 'x'
  })
  await sample.call('ioneservice', 'do')
  expect(seen).toMatchObject({ service: 'IOneService', method: 'Do', remoteAddress: '127.0.0.1:1234' })
  expect(seen?.thumbprint).toBe('A'.repeat(40))
  expect(seen?.thumbprint256).toBe('B'.repeat(64))
  expect(seen?.activityId).toBe('00112233-4455-6677-8899-aabbccddeeff')
  expect(seen?.signal.aborted).toBe(false)
  sample.connection.abort()
  expect(seen?.signal.aborted).toBe(true)
})

test('an implementation that is a class instance keeps its this and gives its name', async () => {
  class Greeter {
    readonly #name = 'Paul'
    Do(): string {
      return this.#name
    }
  }
  const sample = createHost()
  sample.host.add(oneMethod, new Greeter())
  expect((await sample.call('IOneService', 'Do')).result.value).toBe('Paul')
  expect((await sample.call('IOneService', 'Other')).error?.message).toBe('Method Greeter::OtherAsync not found')
})

test('signature texts can be set', async () => {
  const sample = createHost()
  sample.host.add(calculatorService, calculator, { signatures: { 'AddInt(int32,int32)': 'Int32 Mine' } })
  expect((await sample.call('ICalculatorService', 'AddInt', 1n, 2n)).error?.message).toContain('\n - Int32 Mine\n')
  expect((await sample.call('ICalculatorService', 'Nothing')).error?.message).toBe('Method CalculatorService::NothingAsync not found')
})

test('a service is added once, in whatever letter case', () => {
  const { host } = createHost()
  host.add(oneMethod, { Do: () => '' })
  expect(() => host.add(service('ioneSERVICE', { Do: method([], string) }), { Do: () => '' })).toThrow('has been added already')
})

test.each([
  ['lacks a method', oneMethod, {}, 'the implementation of IOneService has no method Do'],
  ['has no function for it', oneMethod, { Do: 'text' }, 'the implementation of IOneService has no method Do'],
  ['is nothing', oneMethod, undefined, 'the implementation of IOneService must be an object'],
  [
    'has one function for overloads',
    echoService,
    { ...echo, 'Hello()': undefined, Hello: () => '' },
    "the implementation of IEchoService has no method 'Hello()'",
  ],
  [
    'has only what every object has',
    service('IOneService', { toString: method([], string) }),
    {},
    'the implementation of IOneService has no method toString',
  ],
])('an implementation that %s is not accepted', (_, contract, implementation, message) => {
  const { host } = createHost()
  expect(() => host.add(contract, implementation)).toThrow(message)
})

test.each([
  ['a text', 'just text', 'just text', 'System.Exception: just text'],
  ['null', null, 'a null was thrown', 'System.Exception: a null was thrown'],
  ['an object', { a: 1 }, 'a object was thrown', 'System.Exception: '],
  [
    'an error with a code',
    Object.assign(new Error('ENOENT: x'), { code: 'ENOENT' }),
    'ENOENT: x',
    'System.IO.FileNotFoundException: ENOENT: x',
  ],
  ['a type error', new TypeError('no'), 'no', 'TypeError: no'],
  ['our error', new HalibutError('io_timeout', 'late'), 'late', 'System.IO.IOException: late'],
  [
    'an aggregate of one',
    new AggregateError([new Error('inner')], 'outer'),
    'inner',
    'System.AggregateException: outer (inner)\n ---> Error: inner',
  ],
  [
    'an error that cannot be printed',
    Object.defineProperty(new Error('x'), 'message', {
      get: () => {
        throw new Error('hidden')
      },
    }),
    'An error was thrown that cannot be printed.',
    'System.Exception: An error was thrown',
  ],
])('a method that throws %s still answers', async (_, thrown, message, inner) => {
  for (const handler of [
    () => {
      throw thrown
    },
    () => Promise.reject(thrown),
  ]) {
    const { error } = await hostOf(handler).call('IOneService', 'Do')
    expect(error?.message).toBe(message)
    expect(error?.details?.startsWith(`${invoked}\n ---> ${inner}`)).toBe(true)
    expect(error?.type).toBeNull()
  }
})

test('an error that is its own cause is answered', async () => {
  const thrown = new Error('round')
  thrown.cause = thrown
  const sample = hostOf(() => {
    throw thrown
  })
  expect((await sample.call('IOneService', 'Do')).error?.message).toBe('round')
})

test('a result that does not fit its contract is an error that names the place, and no half of it is sent', async () => {
  const thing = object('Sample.Contracts.Thing, Sample.Contracts', { Counts: dictionary(string, uint32) })
  const contract = service('IOneService', { Do: method([], thing) })
  for (const count of [2 ** 31, 'many', -1]) {
    const { error, result } = await hostOf(() => ({ Counts: { a: 1, b: count } }), contract as never).call('IOneService', 'Do')
    expect(error?.message).toMatch(/^the result of Do\(\) does not fit its contract: \/result\/Counts\/b: /)
    expect(error?.details?.startsWith(invoked)).toBe(true)
    expect(error?.type).toBeNull()
    expect(result.clrType).toBe('<null>')
  }
  expect((await hostOf(() => 5).call('IOneService', 'Do')).error?.message).toContain('/result')
})

test('a runtime without services tells that it is a client only, until it has one', async () => {
  const sample = createHost({ clientOnly: true })
  const { error } = await sample.call('IOneService', 'Do')
  const text =
    "An attempt was made to call the service 'IOneService' on this machine, but this server has been configured to be a client only."
  expect(error?.message).toBe(text)
  expect(error?.type).toBeNull()
  sample.host.add(oneMethod, { Do: () => 'x' })
  expect((await sample.call('IOneService', 'Do')).result.value).toBe('x')
  expect((await createHost().call('IOneService', 'Do')).error?.message).toBe('Service not found: IOneService')
})

test('an object that is made for a call is disposed when the response has been encoded, after failures too', async () => {
  const happened: string[] = []
  let failing = false
  const sample = createHost()
  sample.host.add(oneMethod, {
    create: async () => ({
      n: happened.push('created'),
      Do() {
        happened.push(`called ${this.n}`)
        if (failing) throw new Error('failed')
        return { toString: () => '' }
      },
    }),
    dispose: (instance: { n: number }) => {
      happened.push(`disposed ${instance.n}`)
    },
  })
  expect((await sample.call('IOneService', 'Do')).error?.message).toContain('does not fit its contract')
  failing = true
  expect((await sample.call('IOneService', 'Do')).error?.message).toBe('failed')
  expect(happened).toEqual(['created', 'called 1', 'disposed 1', 'created', 'called 4', 'disposed 4'])
})

test('an object that can be disposed is disposed, synchronously or not', async () => {
  for (const symbol of [Symbol.dispose, Symbol.asyncDispose]) {
    let disposed = 0
    const sample = createHost()
    sample.host.add(oneMethod, {
      create: () => ({
        Do: () => 'x',
        [symbol]: async () => {
          disposed++
        },
      }),
    })
    expect((await sample.call('IOneService', 'Do')).result.value).toBe('x')
    expect(disposed).toBe(1)
  }
})

test('a create that throws is a plain error and nothing is disposed; so is one that makes no implementation', async () => {
  let disposed = 0
  const dispose = (): void => {
    disposed++
  }
  const failing = createHost()
  const create = (): never => {
    throw new Error('cannot be made')
  }
  failing.host.add(oneMethod, { create, dispose })
  const { error } = await failing.call('IOneService', 'Do')
  expect(error).toMatchObject({ message: 'cannot be made', type: null })
  expect(error?.details?.startsWith('Error: cannot be made\n   at ')).toBe(true)
  expect(disposed).toBe(0)
  const empty = createHost()
  empty.host.add(oneMethod, { create: () => null, dispose })
  expect((await empty.call('IOneService', 'Do')).error?.message).toBe('the implementation of IOneService has no method Do')
})

test('a dispose that throws is an error', async () => {
  const sample = createHost()
  const dispose = (): never => {
    throw new Error('cannot be ended')
  }
  sample.host.add(oneMethod, { create: () => ({ Do: () => 'x' }), dispose })
  expect((await sample.call('IOneService', 'Do')).error).toMatchObject({ message: 'cannot be ended', type: null })
})

test('an object for a method named create is no factory', async () => {
  const sample = createHost()
  sample.host.add(service('IMakerService', { create: method([['n', int64]], int64) }), { create: (n: bigint) => n + 1n })
  expect((await sample.call('IMakerService', 'create', 1n)).result.value).toBe(2n)
})

test('data streams of a result follow the response in their order', async () => {
  const contract = service('IOneService', { Do: method([], dataStream) })
  const stream = DataStream.fromString('content')
  const sample = hostOf(() => stream, contract as never)
  const response = await sample.handle('IOneService', 'Do')
  expect(response.streams).toEqual([stream])
  expect(sample.read(response).streams[0]).toMatchObject({ id: stream.id, length: 7 })
})

test('the JSON of a context tells whose call it is, and so does the console; the signal is not made for it', async () => {
  let shown: string[] = []
  const { call } = hostOf((context: CallContext) => {
    shown = [JSON.stringify({ context }), inspect(context)]
    return 'done'
  })
  await call('IOneService', 'Do')
  const { context } = JSON.parse(shown[0] ?? '') as { context: Record<string, unknown> }
  expect(Object.keys(context)).toEqual(expect.arrayContaining(['service', 'method', 'activityId', 'remoteAddress']))
  expect(context).toMatchObject({ service: 'IOneService', method: 'Do', remoteAddress: expect.any(String) })
  expect(context).not.toHaveProperty('signal')
  expect(shown[1]).toMatch(/^CallContext \{\s+service: 'IOneService',/)
})
