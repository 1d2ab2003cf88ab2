import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { type Contract, method, type ServiceImplementation, service, string, type TypeNode } from '@halibut-gateway/schemas/contract'
import { HalibutError } from '../../server/src/base/errors.ts'
import { DataStream } from '../../server/src/codec/data-stream.ts'
import type { CallContext, ServiceOptions } from '../../server/src/runtime/service-host.ts'
import { describeValue } from './describe-value.ts'
import { type Described, fromDescribed } from './described-values.ts'
import { calculatorService, echoService, typesService } from './sample-contracts.ts'

// The services of test/vectors/sample-contracts.md, with their behaviour.

/** IBrokenService: nobody ever saw it work. */
const brokenService = service('IBrokenService', { Anything: method([['a', string]], string) })

/** What hosts a service: a runtime’s `addService`, or the host’s `add`. */
export type AddService = (contract: Contract, implementation: never, options: ServiceOptions) => void

/** Hosts all four with the .NET names of the recordings. */
export function addSampleServices(add: AddService): void {
  for (const { contract, implementation, clrName } of sampleServices) add(contract, implementation as never, { clrName })
}

/** An error that shows with this .NET type. */
export function exception(name: string, message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, cause === undefined ? {} : { cause }), { name })
}

export const calculator: ServiceImplementation<typeof calculatorService, DataStream, CallContext> = {
  Add: (a, b) => a + b,
  AddDouble: (a, b) => a + b,
  AddDecimal: (a, b) => String(Number(a) + Number(b)),
  AddInt: (a, b) => a + b,
  'Overloaded(int64,int64)': (a, b) => a + b,
  'Overloaded(double,double)': (a, b) => a + b + 0.25,
  'Overloaded(decimal,decimal)': (a, b) => String(Number(a) + Number(b)),
}

/** Byte i is (31 i + 7) mod 256. */
export function generatedBytes(length: number, from = 0): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  for (let i = 0; i < length; i++) bytes[i] = (31 * (from + i) + 7) & 255
  return bytes
}

/** n printable characters of a linear congruential generator. */
export function bigText(length: number, seed = 12345): string {
  const bytes = Buffer.allocUnsafe(length)
  let x = seed
  for (let i = 0; i < length; i++) {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0
    bytes[i] = 33 + ((x >>> 16) % 90)
  }
  return bytes.toString('latin1')
}

const chunkBytes = 65_536

function generatedStream(length: number, declared = length): DataStream {
  return DataStream.fromIterable(declared, function* () {
    for (let at = 0; at < length; at += chunkBytes) yield generatedBytes(Math.min(chunkBytes, length - at), at)
  })
}

// biome-ignore lint/correctness/useYield: it breaks off before it yields
function* breakOff(): Generator<Uint8Array> {
  throw exception('System.IO.IOException', 'Producer failed')
}

async function copy(stream: DataStream): Promise<DataStream> {
  return DataStream.fromBytes(await stream.bytes())
}

async function count(stream: DataStream): Promise<number> {
  let total = 0
  await stream.pump(chunk => {
    total += chunk.byteLength
    return undefined
  })
  return total
}

type EchoImplementation = ServiceImplementation<typeof echoService, DataStream, CallContext>

interface Holder {
  readonly Name: string | null
  readonly Main: DataStream | null
  readonly Others: readonly (DataStream | null)[] | null
  readonly Named: Readonly<Record<string, DataStream>> | null
  readonly Inner: Holder | null
}

async function copyHolder(holder: Holder): Promise<Holder> {
  const { Name, Main, Others, Named, Inner } = holder
  const named: Record<string, DataStream> = Object.create(null)
  // One after another: contents come in the order of the document.
  const main = Main && (await copy(Main))
  const others: (DataStream | null)[] = []
  for (const each of Others ?? []) others.push(each && (await copy(each)))
  for (const [key, each] of Object.entries(Named ?? {})) named[key] = await copy(each)
  return { Name, Main: main, Others: Others && others, Named: Named && named, Inner: Inner && (await copyHolder(Inner)) }
}

function describer(name: string): (value: unknown) => string {
  const type = echoService.methods.find(each => each.name === name)?.params[0]?.type as TypeNode
  return value => JSON.stringify(describeValue(value, type, echoService))
}

function depthOf(node: { readonly Child: unknown } | null): number {
  let depth = 0
  for (let at = node; at !== null; at = at.Child as typeof node) depth++
  return depth
}

export const echo: EchoImplementation = {
  SayHello: name => `${name ?? ''}...`,
  CountBytes: count,
  CountBytesLong: stream => count(stream),
  Generate: length => generatedStream(Number(length)),
  Echo: copy,
  Crash: () => {
    throw exception('System.DivideByZeroException', 'Attempted to divide by zero.')
  },
  CrashInner: async () => {
    throw exception('System.InvalidOperationException', 'Outer trouble', exception('System.IO.FileNotFoundException', 'Could not find it'))
  },
  CrashAggregate: async () => {
    const inner = ['First of two', 'Second of two'].map(message => exception('System.ArgumentException', message))
    throw new AggregateError(inner, 'Agg')
  },
  CrashHalibut: () => {
    throw new HalibutError('remote_error', 'Thrown by the method itself')
  },
  CrashArgument: () => {
    throw exception('System.ArgumentNullException', "Value cannot be null. (Parameter 'a')")
  },
  DoNothing: () => undefined,
  Slow: async (ms, context) => {
    await pause(Number(ms), undefined, { signal: context.signal })
    return `slept ${ms}`
  },
  NullString: () => null,
  NullList: () => null,
  Big: chars => bigText(Number(chars)),
  Bytes: length => generatedBytes(Number(length)),
  'Hello()': () => 'Hello',
  'Hello(string?)': a => `Hello ${a ?? ''}`,
  'Hello(string?,string?)': (a, b) => `Hello ${a ?? ''} ${b ?? ''}`,
  'Ambiguous(string?,string?)': () => 'Hello string',
  'Ambiguous(string?,tuple<string?,string?>?)': () => 'Hello tuple',
  EchoHolder: copyHolder,
  EchoStreams: async streams => {
    const copies: DataStream[] = []
    for (const each of streams) copies.push(await copy(each))
    return copies
  },
  TwoStreams: async (a, between, b) => `${await a.text()}${between}${await b.text()}`,
  ShortStream: (declared, actual) => generatedStream(Number(actual), Number(declared)),
  ThrowingStream: declared => DataStream.fromIterable(Number(declared), breakOff),
  DescribeDate: describer('DescribeDate'),
  DescribeGuid: describer('DescribeGuid'),
  DescribeBytes: describer('DescribeBytes'),
  DescribeLong: describer('DescribeLong'),
  DescribeDouble: describer('DescribeDouble'),
  DescribeBool: describer('DescribeBool'),
  DescribePerson: describer('DescribePerson'),
  DescribeStrings: describer('DescribeStrings'),
  DescribeDict: describer('DescribeDict'),
  DescribeSet: describer('DescribeSet'),
  DescribeTuple: describer('DescribeTuple'),
  DescribeArray: describer('DescribeArray'),
  DescribeMembers: describer('DescribeMembers'),
  DescribeTree: tree => `depth ${depthOf(tree)}`,
  DescribeShape: describer('DescribeShape'),
  DescribeBoxInt: describer('DescribeBoxInt'),
  DescribeObject: describer('DescribeObject'),
}

interface RecordedValue {
  readonly name: string
  readonly value: Described | null
}

let recorded: readonly RecordedValue[] | undefined

/** The index-th recorded value of a row of ITypesService, as our service returns it. */
export function recordedValue(row: string, index: number): unknown {
  recorded ??= (JSON.parse(readFileSync(new URL('../vectors/values.json', import.meta.url), 'utf8')) as { values: RecordedValue[] }).values
  const found = recorded.filter(each => each.name.split('/', 1)[0] === row)[index]
  const getter = typesService.methods.find(each => each.name === `Get${row}`)
  if (!found || !getter) throw exception('System.ArgumentOutOfRangeException', `${row} has no value ${index}`)
  return fromDescribed(found.value, getter.result, typesService, 'write')
}

/** `Echo…` and `Box…` give back what they got, `Get…` the recorded values. */
const types: Readonly<Record<string, (value: unknown) => unknown>> = Object.fromEntries(
  typesService.methods.map(({ name }) => [
    name,
    name.startsWith('Get') ? (index: unknown) => recordedValue(name.slice(3), Number(index)) : (value: unknown) => value,
  ]),
)

const broken = {
  create(): never {
    throw exception('System.InvalidOperationException', 'The service could not be constructed')
  },
}

/** Contract, implementation and the .NET class of the recordings. */
const sampleServices: readonly { readonly contract: Contract; readonly implementation: object; readonly clrName: string }[] = [
  { contract: calculatorService, implementation: calculator, clrName: 'Sample.Contracts.CalculatorService' },
  { contract: echoService, implementation: echo, clrName: 'Sample.Contracts.EchoService' },
  { contract: typesService, implementation: types, clrName: 'Sample.Contracts.TypesService' },
  { contract: brokenService, implementation: broken, clrName: 'Sample.Contracts.BrokenService' },
]
