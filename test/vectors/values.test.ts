import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { TypeNode } from '@halibut-gateway/schemas/contract'
import { HalibutError } from '../../server/src/base/errors.ts'
import { defaultLimits } from '../../server/src/base/limits.ts'
import { type CompiledMethod, type Materialised, resolveOverload, toUntyped, TypeRegistry } from '../../server/src/codec/contract-values.ts'
import { type DecodedRequest, decodeRequest, decodeResponse, encodeRequest, encodeResponse } from '../../server/src/codec/envelope.ts'
import { decodeTree, encodeTree, mapStrings } from '../support/bson-tree.ts'
import { type Described, fromDescribed, scalar } from '../support/described-values.ts'
import { calculatorService, echoService, typesService } from '../support/sample-contracts.ts'

// Recorded with the .NET reference: see README.md in this folder.

interface Outcome {
  readonly outcome: 'returned' | 'threw'
  readonly sameAsSent?: boolean
  readonly value?: Described | null
  readonly exception?: string
  readonly message?: string
}

interface Recorded {
  readonly name: string
  readonly declaredType: string
  readonly value: Described | null
  readonly reencode: boolean
  readonly asParameter: {
    readonly requestBsonHex?: string
    readonly materialisesAs?: Described | null
    readonly writeError?: string
    readonly readError?: string
    readonly call: Outcome
  }
  readonly asResult: { readonly responseBsonHex?: string; readonly writeError?: string; readonly readError?: string; readonly clientReceives: Outcome }
  readonly asMember: {
    readonly requestBsonHex?: string
    readonly readBackAs?: Described | null
    readonly writeError?: string
    readonly readError?: string
  }
}

const { values } = JSON.parse(readFileSync(new URL('values.json', import.meta.url), 'utf8')) as { values: Recorded[] }

const registry = new TypeRegistry({ corlib: 'System.Private.CoreLib' })
registry.register(calculatorService)
registry.register(echoService)
const types = registry.register(typesService)
const options = { corlib: registry.corlib }

const head = { id: 'r1', activityId: '00112233-4455-6677-8899-aabbccddeeff', service: 'ITypesService' }

/** What our encoder refuses on purpose, because the reference cannot read what it writes here. */
const refusedKeys = new Set(['StringDict/metadata-like keys', 'StringDict/key $type'])

test('M25 there are 255 recorded values, and every one is a test', () => {
  expect(values).toHaveLength(255)
})

for (const recorded of values) {
  const row = recorded.name.split('/', 1)[0] as string
  const echo = types.method(`Echo${row}`)
  const box = types.method(`Box${row}`)
  const type = echo.node.params[0]?.type as TypeNode
  const written = fromDescribed(recorded.value, type, typesService, 'write')

  test(`M25 ${recorded.name} as a parameter`, () => {
    const { requestBsonHex, writeError } = recorded.asParameter
    expectEncoded(requestBsonHex, writeError, recorded, () => encodeRequest({ ...head, method: `Echo${row}` }, echo.params, [written], options))
    if (requestBsonHex === undefined) return
    if (recorded.asParameter.readError !== undefined) {
      expectReadError(requestBsonHex, recorded.asParameter.readError)
      return
    }
    const [argument] = request(requestBsonHex).args as [Materialised]
    expectMaterialised(argument, recorded.asParameter.materialisesAs ?? null, echo)
    expectCall(echo, argument, recorded)
  })

  test(`M25 ${recorded.name} as a result`, () => {
    const { responseBsonHex, writeError, readError, clientReceives } = recorded.asResult
    expectEncoded(responseBsonHex, writeError, recorded, () => encodeResponse('r1', { result: written, codec: echo.result }, options))
    if (responseBsonHex === undefined) return
    if (readError !== undefined) {
      expectReadError(responseBsonHex, readError)
      return
    }
    const response = decodeResponse(Buffer.from(responseBsonHex, 'hex'), registry, defaultLimits)
    const result = response?.result as Materialised
    if (clientReceives.outcome === 'threw') {
      const error = thrown(() => echo.result.fromResult(result))
      expect(error.dotnetType).toBe(clientReceives.exception)
      // A nullable’s name goes on with versions of assemblies that we don’t have.
      expect(error.message.slice(0, 72)).toBe((clientReceives.message ?? '').slice(0, 72))
      expect(error.delivery).toBe('executed')
      return
    }
    const expected = clientReceives.sameAsSent ? recorded.value : (clientReceives.value ?? null)
    expect(plain(echo.result.fromResult(result))).toEqual(plain(fromDescribed(expected, type, typesService, 'read')))
  })

  test(`M25 ${recorded.name} as a member`, () => {
    const { requestBsonHex, writeError, readError } = recorded.asMember
    expectEncoded(requestBsonHex, writeError, recorded, () =>
      encodeRequest({ ...head, method: `Box${row}` }, box.params, [{ Value: written }], options),
    )
    if (requestBsonHex === undefined) return
    if (readError !== undefined) {
      expectReadError(requestBsonHex, readError)
      return
    }
    const [argument] = request(requestBsonHex).args as [Materialised]
    const expected = { Value: fromDescribed(recorded.asMember.readBackAs ?? null, type, typesService, 'read') }
    expect(plain(box.params[0]?.fromArgument(argument))).toEqual(plain(expected))
  })
}

function request(hex: string): DecodedRequest {
  const decoded = decodeRequest(Buffer.from(hex, 'hex'), registry, defaultLimits)
  if (decoded.null) throw new Error('a null message')
  expect(decoded).toMatchObject(head)
  return decoded
}

function thrown(run: () => unknown): HalibutError {
  try {
    run()
  } catch (error) {
    if (error instanceof HalibutError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

/** The same bytes; nothing at all where the reference cannot write the value. And the decoded tree encodes to them again. */
function expectEncoded(
  hex: string | undefined,
  writeError: string | undefined,
  recorded: Recorded,
  encode: () => { readonly document: Buffer },
): void {
  if (writeError !== undefined) expect(thrown(encode).kind).toBe('serialization_failed')
  if (hex === undefined) {
    expect(writeError).toBeDefined()
    return
  }
  if (recorded.reencode) expect(encodeTree(decodeTree(Buffer.from(hex, 'hex'))).toString('hex')).toBe(hex)
  if (refusedKeys.has(recorded.name)) {
    expect(thrown(encode).message).toMatch(/a dictionary cannot have the key \$(type|values)/)
    return
  }
  const { document } = encode()
  expect(rawSequences(document).toString('hex')).toBe(hex)

  /** A LINQ iterator has no name that a contract could say: it was written as an array, and gets its raw `$type` here. */
  function rawSequences(bytes: Buffer): Buffer {
    if (recorded.name !== 'CollectionMembers/lazy enumerable') return bytes
    const iterator = 'System.Linq.Enumerable+ArrayWhereIterator`1[[System.String, System.Private.CoreLib]], System.Linq'
    return encodeTree(mapStrings(decodeTree(bytes), text => (text === 'System.String[], System.Private.CoreLib' ? iterator : text)))
  }
}

/** `JsonSerializationException: text. Path '…'.`: the same exception, and its first line as far as it says what is wrong. */
function expectReadError(hex: string, readError: string): void {
  const error = thrown(() => {
    const document = Buffer.from(hex, 'hex')
    if (decodeTree(document).length > 0 && hex.includes(Buffer.from('RequestMessage').toString('hex'))) request(hex)
    else decodeResponse(document, registry, defaultLimits)
  })
  const [exception, ...rest] = readError.split(': ')
  expect(error.kind).toBe('serialization_failed')
  expect(error.dotnetType).toBe(`Newtonsoft.Json.${exception}`)
  const firstLine = rest.join(': ').split('\n', 1)[0] as string
  const path = /Path '.*'\.$/.exec(firstLine)?.[0]
  const said = (path === undefined ? firstLine : firstLine.slice(0, -path.length)).replaceAll(/\[System\.String,System\.String\]/g, '[System.String,System.String]')
  // Which types exist outside the registry only .NET knows.
  const alternative = said.replace(/^Type specified in JSON (.*) was not resolved\. $/, 'Error resolving type specified in JSON $1. ')
  expect([said, alternative].some(text => error.message.startsWith(text))).toBe(true)
  if (path !== undefined) expect(error.message.endsWith(path)).toBe(true)
}

function expectMaterialised(argument: Materialised, expected: Described | null, { params: [codec], node }: CompiledMethod): void {
  if (expected === null) {
    expect(argument).toMatchObject({ clrType: '<null>', value: null })
  } else if (expected.t === 'untyped:JObject') {
    expect(argument.clrType).toBe('JObject')
    expect(toUntyped(argument)).toEqual(JSON.parse(expected.v ?? ''))
  } else if (expected.items || expected.entries || expected.members) {
    const value = fromDescribed(expected, node.params[0]?.type ?? '', typesService, 'read')
    const given = codec?.fromArgument(argument)
    expect(plain(isTagged(given) ? given.$value : given)).toEqual(plain(isTagged(value) ? value.$value : value))
  } else {
    expect(argument.clrType).toBe(expected.t)
    expect(argument.value).toEqual(scalar(expected, 'read'))
  }
}

function expectCall(method: CompiledMethod, argument: Materialised, recorded: Recorded): void {
  const { call } = recorded.asParameter
  if (call.outcome === 'returned') {
    expect(resolveOverload([method], [argument])).toBe(method)
    return
  }
  const error = thrown(() => resolveOverload([method], [argument]))
  expect(error.dotnetType).toBe(call.exception)
  expect(error.message.trim()).toBe(call.message?.split('\n\nServer exception:', 1)[0]?.trim())
}

function isTagged(value: unknown): value is { $type: TypeNode; $value: unknown } {
  return typeof value === 'object' && value !== null && '$type' in value
}

/** For comparing: types in one spelling, prototypes out of the way. */
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date || value instanceof Uint8Array) return value
  if (Array.isArray(value)) return value.map(plain)
  if (value instanceof Set) return { set: [...value].map(plain) }
  if (value instanceof Map) return { map: [...value].map(plain) }
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, key === '$type' ? JSON.stringify(item).replace(/\{"nullable":("\w+")\}/g, '$1') : plain(item)]),
  )
}
