import {
  array,
  bytes,
  type Contract,
  dataStream,
  dictionary,
  double,
  guid,
  type In,
  int32,
  int64,
  list,
  member,
  method,
  nullable,
  type Out,
  object,
  type ServiceClient,
  type ServiceImplementation,
  service,
  set,
  string,
  type Typed,
  tuple,
  typed,
} from '@halibut-gateway/schemas/contract'
import { expectTypeOf, test } from 'vitest'
import { type calculatorService, circle, color, type echoService, type person, type shape } from '../support/sample-contracts.ts'

/** Stands for the platform’s stream class. */
class Stream {
  readonly id = 'x'
}
interface Options {
  readonly timeoutMs?: number
}
interface Context {
  readonly thumbprint: string
}

// Nothing here runs: what matters is that it compiles, and that what is marked does not.
declare const client: ServiceClient<typeof calculatorService, Stream, Options>
declare const echo: ServiceClient<typeof echoService, Stream, Options>

test('a caller’s arguments and results have the types of the contract', () => {
  const calls = async () => {
    expectTypeOf(await client.Add(1n, 2)).toEqualTypeOf<bigint>()
    expectTypeOf(await client.AddDouble(1, 2, { timeoutMs: 5 })).toEqualTypeOf<number>()
    expectTypeOf(await client.AddDecimal('1.10', '2')).toEqualTypeOf<string>()
    expectTypeOf(await echo.NullString()).toEqualTypeOf<string | null>()
    expectTypeOf(await echo.DoNothing()).toEqualTypeOf<void>()
    expectTypeOf(await echo.Bytes(3n)).toEqualTypeOf<Uint8Array>()
    expectTypeOf(await echo.Echo(new Stream())).toEqualTypeOf<Stream>()
    expectTypeOf(await echo.EchoStreams([new Stream()])).toEqualTypeOf<Stream[]>()
  }
  expectTypeOf(calls).returns.resolves.toEqualTypeOf<void>()
})

test('overloads are called by name where the values decide, or by signature', () => {
  const calls = async () => {
    expectTypeOf(await client['Overloaded(double,double)'](1, 2)).toEqualTypeOf<number>()
    expectTypeOf(await client['Overloaded(int64,int64)'](1n, 2n)).toEqualTypeOf<bigint>()
    expectTypeOf(await client.Overloaded('1', '2')).toEqualTypeOf<string>()
    expectTypeOf(await echo.Hello()).toEqualTypeOf<string>()
    expectTypeOf(await echo.Hello('a', 'b')).toEqualTypeOf<string>()
    expectTypeOf(await echo['Ambiguous(string?,tuple<string?,string?>?)']('a', ['b', null])).toEqualTypeOf<string>()
  }
  expectTypeOf(calls).toBeFunction()
})

test('wrong arguments do not compile', () => {
  const calls = async () => {
    // @ts-expect-error text is no number
    await client.Add('1', 2n)
    // @ts-expect-error one argument is missing
    await client.Add(1n)
    // @ts-expect-error one argument too many
    await client.Add(1n, 2n, {}, 4)
    // @ts-expect-error there is no such method
    await client.Multiply(1n, 2n)
    // @ts-expect-error a double takes no bigint
    await client.AddDouble(1n, 2)
    // @ts-expect-error no overload takes a boolean
    await client.Overloaded(true, false)
    // @ts-expect-error a member is missing
    await echo.DescribePerson({ Name: 'Ann' })
    // @ts-expect-error a member that does not exist
    await echo.DescribePerson({ Age: 1, Nope: 1 })
    // @ts-expect-error a stream is expected
    await echo.CountBytes('text')
    // @ts-expect-error an abstract class wants the type of its value
    await echo.DescribeShape({ Label: 'x' })
    await echo.DescribePerson({ Age: 1 })
    await echo.DescribeShape({ $type: 'Circle', $value: { Radius: 1 } })
    await echo.DescribeShape(typed(circle, { Radius: 1, Label: 'c' }))
    await echo.DescribeShape(null)
  }
  expectTypeOf(calls).toBeFunction()
})

test('a service implements each method, overloads by signature', () => {
  const implementation: ServiceImplementation<typeof calculatorService, Stream, Context> = {
    Add: (a, b, context) => (context.thumbprint === '' ? a : a + b),
    AddDouble: async (a, b) => a + b,
    AddDecimal: a => a,
    AddInt: (a, b) => a + b,
    'Overloaded(int64,int64)': (a, b) => a + b,
    'Overloaded(double,double)': (a, b) => a + b + 0.25,
    'Overloaded(decimal,decimal)': a => a,
  }
  expectTypeOf(implementation.Add).parameter(0).toEqualTypeOf<bigint>()
  // @ts-expect-error a method is missing
  const incomplete: ServiceImplementation<typeof calculatorService, Stream, Context> = { Add: a => a }
  const { Add: _, ...others } = implementation
  // @ts-expect-error a result of another type
  const wrong: ServiceImplementation<typeof calculatorService, Stream, Context> = { ...others, Add: () => 'text' }
  expectTypeOf(incomplete).toEqualTypeOf(wrong)
})

test('types are what is read and what may be written', () => {
  expectTypeOf<Out<typeof int64>>().toEqualTypeOf<bigint>()
  expectTypeOf<In<typeof int64>>().toEqualTypeOf<bigint | number>()
  const composed = object('S.T, S', {
    N: nullable(int32),
    L: list(string),
    T: tuple(string, int32),
    D: dictionary(string, double),
    G: dictionary(guid, bytes),
    S: set(string),
    A: array(int64),
    C: nullable(color),
    F: dataStream,
  })
  expectTypeOf<Out<typeof composed>['N']>().toEqualTypeOf<number | null>()
  expectTypeOf<Out<typeof composed>['L']>().toEqualTypeOf<string[]>()
  expectTypeOf<Out<typeof composed>['T']>().toEqualTypeOf<[string, number]>()
  expectTypeOf<Out<typeof composed>['D']>().toEqualTypeOf<Record<string, number>>()
  expectTypeOf<Out<typeof composed>['G']>().toEqualTypeOf<Map<string, Uint8Array>>()
  expectTypeOf<Out<typeof composed>['S']>().toEqualTypeOf<Set<string>>()
  expectTypeOf<Out<typeof composed>['A']>().toEqualTypeOf<bigint[]>()
  expectTypeOf<Out<typeof composed>['C']>().toEqualTypeOf<'Red' | 'Green' | 'Blue' | 'Negative' | number | bigint | null>()
  expectTypeOf<In<typeof composed>['L']>().toEqualTypeOf<readonly string[]>()
  expectTypeOf<Out<typeof shape>['$type']>().toEqualTypeOf<'Circle' | 'Square'>()
  expectTypeOf<Out<typeof person>['Tags']>().toEqualTypeOf<(string | null)[] | null>()
  expectTypeOf(typed(int32, 5)).toEqualTypeOf<Typed<number, 'int32'>>()
})

test('marks are kept in the types: required takes null away, a default may be missing where it is written, the others change nothing', () => {
  expectTypeOf(member(string, { maxLength: 5, pattern: '^a$', secret: true })).toEqualTypeOf(string)
  expectTypeOf(member(string, { required: false })).toEqualTypeOf(string)
  const required = member(nullable(string), { required: true })
  expectTypeOf<Out<typeof required>>().toEqualTypeOf<string>()
  expectTypeOf<In<typeof required>>().toEqualTypeOf<string>()
  const standard = member(int64, { default: '5' })
  expectTypeOf<Out<typeof standard>>().toEqualTypeOf<bigint>()
  expectTypeOf<In<typeof standard>>().toEqualTypeOf<bigint | number | undefined>()
  const composed = object('S.T, S', { R: required, D: standard, P: string })
  expectTypeOf<Out<typeof composed>>().toEqualTypeOf<{ R: string; D: bigint; P: string }>()
  expectTypeOf<{ R: 'r'; P: 'p' }>().toExtend<In<typeof composed>>()
  expectTypeOf<{ R: 'r'; D: undefined; P: 'p' }>().toExtend<In<typeof composed>>()
  expectTypeOf<{ R: null; P: 'p' }>().not.toExtend<In<typeof composed>>()
  expectTypeOf<{ D: 5n; P: 'p' }>().not.toExtend<In<typeof composed>>()
})

test('further names change no type', () => {
  const plain = object('S.T, S', { A: int64 })
  expectTypeOf(object('S.T, S', { A: int64 }, { aliases: ['S.U, S'] })).toEqualTypeOf(plain)
  const one = service('IOne', { M: method([['a', plain]], plain) })
  expectTypeOf(service('IOne', { M: method([['a', plain]], plain) }, { aliases: ['ITwo'] })).toEqualTypeOf(one)
})

test('the last arguments may be missing where they have defaults, and those before may not', () => {
  const one = service('IOne', {
    M: method([
      ['a', nullable(string)],
      ['b', member(int64, { default: 5 })],
      ['c', member(string, { default: '', required: true })],
    ]),
  })
  const calls = async (it: ServiceClient<typeof one, Stream, Options>) => {
    await it.M('a')
    await it.M(null, 5n)
    await it.M('a', undefined, 'c', { timeoutMs: 5 })
    // @ts-expect-error the first has no default
    await it.M()
    // @ts-expect-error null is no default
    await it.M('a', null)
    // @ts-expect-error options come behind all arguments
    await it.M('a', { timeoutMs: 5 })
  }
  expectTypeOf(calls).toBeFunction()
  const implementation: ServiceImplementation<typeof one, Stream, Context> = {
    M: (a, b, c) => {
      expectTypeOf(a).toEqualTypeOf<string | null>()
      expectTypeOf(b).toEqualTypeOf<bigint>()
      expectTypeOf(c).toEqualTypeOf<string>()
    },
  }
  expectTypeOf(implementation.M).toBeFunction()
})

test('a typed contract is a contract, and its methods are in it', () => {
  const one = service('IOne', { M: method([['a', int64]], nullable(string)) })
  const plain: Contract = one
  expectTypeOf(plain.methods.length).toBeNumber()
  expectTypeOf<ServiceClient<typeof one>['M']>().parameter(0).toEqualTypeOf<bigint | number>()
  expectTypeOf<ServiceClient<typeof one>['M']>().returns.resolves.toEqualTypeOf<string | null>()
  // @ts-expect-error a parameter is a name and a type
  method([['a']], int64)
  // @ts-expect-error text is no type
  method([['a', 'int64']], int64)
})
