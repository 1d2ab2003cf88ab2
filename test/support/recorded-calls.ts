import type { Contract, TypeNode } from '@halibut-gateway/schemas/contract'
import { expect } from 'vitest'
import { DataStream } from '../../server/src/codec/data-stream.ts'
import type { CallTimes } from '../../server/src/runtime/call-deadline.ts'
import type { HalibutRuntime } from '../../server/src/runtime/runtime.ts'
import { fromDescribed } from './described-values.ts'
import { calculatorService, echoService, typesService } from './sample-contracts.ts'
import { exception, generatedBytes, recordedValue } from './sample-services.ts'
import { bigParameter, type RecordedOutcome, sha256 } from './transcripts.ts'

/** A recorded call, ready to be made. */
export interface ReadyCall {
  readonly service: string
  readonly method: string
  readonly args: readonly unknown[]
  /** Undefined where the reference too called what the contract does not have. */
  readonly contract: Contract | undefined
}

const contracts: readonly Contract[] = [calculatorService, echoService, typesService]

/** Calls that are told in words. */
const inWords: Readonly<Record<string, string>> = {
  'IEchoService.CountBytes(stream "hello")': 'IEchoService.CountBytes({"text":"hello"})',
  'IEchoService.CountBytes(empty stream)': 'IEchoService.CountBytes({"text":""})',
  'IEchoService.CountBytes(300 KiB)': 'IEchoService.CountBytes({"generated":307200})',
  'ICalculatorService.Overloaded(decimal 1, decimal 2)': 'ICalculatorService.Overloaded(decimal,decimal)({"m":"1"}, {"m":"2"})',
  'IEchoService.Slow(3000), cancelled after 500 ms': 'IEchoService.Slow({"l":3000})',
  'SayHello on poll://nobody, queue timeout 1.5 s': 'IEchoService.SayHello({"s":"x"})',
  'SayHello on poll://nobody2, cancelled after 0.5 s': 'IEchoService.SayHello({"s":"x"})',
  'Slow(3000) collected, queue timeout 1 s': 'IEchoService.Slow({"l":3000})',
  'result uint 2147483648': 'ITypesService.GetUInt({"l":2})',
  'result ulong 18446744073709551615': 'ITypesService.GetULong({"l":2})',
  'result dictionary whose key contains NUL': 'ITypesService.GetStringDict({"l":6})',
  'parameter uint 2147483648': 'ITypesService.EchoUInt({"value":["UInt",2]})',
  'parameter dictionary whose key contains NUL': 'ITypesService.EchoStringDict({"value":["StringDict",6]})',
}

/** Reads the notation of `calls[]`: `IEchoService.Hello({"s":"a"}, {"s":"b"}): a remark`. */
export function readCall(text: string): ReadyCall {
  const plain = text.replace(/: .*$/s, '')
  const [, service = '', method = '', list = ''] = /^(\w+)\.(\w+(?:\([a-z,]+\))?)\((.*)\)$/s.exec(inWords[plain] ?? plain) ?? []
  if (service === '') throw new Error(`nobody knows how to call ${text}`)
  const json: unknown[] = JSON.parse(`[${list.replace(/\b(\d+)L\b/g, '{"l":$1}')}]`)
  // Bare texts and numbers: the recording calls a method as it is not declared.
  const declared = /^[{,]|^null$|^$/.test(list.replace(/\d+L/g, 'x'))
  const contract = declared ? contracts.find(each => each.service === service) : undefined
  return { service, method, args: json.map(argument), contract }
}

/** Makes a call through a client of its contract, or by its names where it has none. */
export async function makeCall(runtime: HalibutRuntime, endpoint: Endpoint, call: ReadyCall, times: CallTimes = {}): Promise<unknown> {
  const { contract, service, method, args } = call
  if (!contract) return runtime.call({ endpoint, service, method, args, ...times })
  const client = runtime.createClient(contract, endpoint) as unknown as Record<string, (...all: unknown[]) => Promise<unknown>>
  const proxy = client[method]
  if (!proxy) throw new Error(`${service} has no ${method}`)
  const result = await proxy(...args, times)
  // Whoever called reads what it got: data streams arrive while they are read.
  return { result, contents: await contentsOf(result) }
}

export interface Endpoint {
  readonly uri: string
  readonly thumbprint: string
}

/** What came of a call that succeeded, against what was recorded. */
export function expectResult(call: ReadyCall, made: unknown, recorded: RecordedOutcome): void {
  const { result, contents } = made as { result: unknown; contents: unknown }
  if (recorded.content !== undefined) {
    expect(contents).toEqual(contentsRecorded(recorded.content))
  } else if (recorded.resultSha256 !== undefined) {
    expect({ length: (result as string).length, hash: sha256(result as string) }).toEqual({
      length: recorded.resultLength,
      hash: recorded.resultSha256,
    })
  } else {
    const type = call.contract?.methods.find(each => each.name === call.method.split('(', 1)[0])?.result as TypeNode
    expect(result).toEqual(fromDescribed(recorded.result ?? null, type, call.contract ?? echoService, 'read'))
  }
}

interface Content {
  readonly declared: number
  readonly received: number
  readonly sha256: string
}

/** Reads all data streams of a result. Those of dictionaries are left out, as in the recordings. */
async function contentsOf(result: unknown): Promise<Content[]> {
  if (result instanceof DataStream) {
    const bytes = await result.bytes()
    return [{ declared: result.length, received: bytes.length, sha256: sha256(bytes) }]
  }
  const found: Content[] = []
  if (typeof result !== 'object' || result === null || Buffer.isBuffer(result)) return found
  for (const [name, value] of Object.entries(result)) {
    const inside = await contentsOf(value)
    if (name !== 'Named') found.push(...inside)
  }
  return found
}

function contentsRecorded(content: unknown): Content[] {
  if (typeof content !== 'object' || content === null) return []
  if (!('sha256' in content)) return Object.values(content).flatMap(contentsRecorded)
  const { declared, received, sha256: hash } = content as Content
  return [{ declared, received, sha256: hash }]
}

function argument(json: unknown): unknown {
  if (typeof json !== 'object' || json === null) return json
  const [[key = '', it] = []] = Object.entries(json)
  const read = readers[key]
  if (!read) throw new Error(`nobody knows what ${JSON.stringify(json)} stands for`)
  return read(it as never, json as never)
}

const readers: Readonly<Record<string, (it: never, whole: never) => unknown>> = {
  s: (it: string) => it,
  l: (it: number) => BigInt(it),
  i: (it: number) => it,
  d: (it: number) => it,
  m: (it: string) => it,
  g: (it: string) => it,
  bytes: (it: string) => Buffer.from(it, 'hex'),
  strings: (it: string[]) => it,
  tuple: (it: string[]) => it,
  big: (it: number) => bigParameter(it),
  value: ([row, index]: [string, number]) => recordedValue(row, index),
  text: (it: string, { streamId }: { streamId?: string }) => streamOf(it, streamId),
  generated: (it: number) => DataStream.fromBytes(generatedBytes(it)),
  streams: (it: { text: string }[]) => it.map(({ text }) => streamOf(text)),
  short: (it: { declared: number; actual: number }) => DataStream.fromIterable(it.declared, () => [generatedBytes(it.actual)]),
  throwing: (it: number) =>
    DataStream.fromIterable(it, () => {
      throw exception('System.IO.IOException', 'Producer failed')
    }),
  // The reference sends one instance twice. We refuse to, but two of one id travel alike.
  sameTwice: () => [1, 2].map(() => streamOf('twice', knownId(9))),
  holder: () => ({
    Name: 'outer',
    Main: streamOf('main'),
    Others: [streamOf('other one'), null, streamOf('')],
    Named: { key: streamOf('named') },
    Inner: { Name: 'inner', Main: streamOf('inner main'), Others: null, Named: null, Inner: null },
  }),
}

function knownId(n: number): string {
  return `00000000-0000-0000-0000-${String(n).padStart(12, '0')}`
}

function streamOf(text: string, id?: string): DataStream {
  const bytes = Buffer.from(text)
  const source = { stable: true, pump: async (sink: (chunk: Uint8Array) => Promise<void> | undefined) => void (await sink(bytes)) }
  return new DataStream(bytes.length, source, id)
}
