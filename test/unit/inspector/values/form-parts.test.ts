import {
  abstractObject,
  bytes,
  dataStream,
  enumeration,
  flags,
  int32,
  list,
  method,
  object,
  service,
  string,
} from '@halibut-gateway/schemas/contract'
import { contractJson } from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { formatSeconds, readSeconds } from '../../../../server/inspector/src/values/deadline-text.ts'
import { flagsOf, withFlag } from '../../../../server/inspector/src/values/enum-flags.ts'
import { constructible, firstValue } from '../../../../server/inspector/src/values/form-values.ts'
import { hexDump } from '../../../../server/inspector/src/values/hex-dump.ts'
import { formOf, switched } from '../../../../server/inspector/src/values/open-values.ts'
import { checkable, sendable, withFiles, withNames } from '../../../../server/inspector/src/values/stream-args.ts'
import { isTypeNode } from '../../../../server/inspector/src/values/type-nodes.ts'

const circle = object('S.Circle, S', { Radius: int32 })
const square = object('S.Square, S', { Side: int32 })
const shape = abstractObject('S.Shape, S', {}, [circle, square])
const upload = object('S.Upload, S', { Name: string, Content: dataStream })
const contract = service('IParts', {
  Put: method(
    [
      ['upload', upload],
      ['shapes', list(shape)],
    ],
    bytes,
  ),
})
const json = contractJson(contract)
const [put] = contract.methods

test('a time is typed in seconds', () => {
  expect(['', ' 1,5 ', '0.0001', 'soon', '0', '-1', '86401'].map(readSeconds)).toEqual([
    undefined,
    1_500,
    1,
    'invalid',
    'invalid',
    'invalid',
    'invalid',
  ])
  expect([undefined, 1_500].map(formatSeconds)).toEqual(['', '1.5'])
})

test('flags are set and taken back by their names, and none is the name of nothing', () => {
  const access = flags('S.Access, S', { None: 0, Read: 1, Write: 2 })
  const definition = Object.values(service('S', { M: method([['a', access]]) }).types ?? {})[0]
  if (!definition || !('enum' in definition)) throw new Error('no enumeration')
  expect(withFlag(definition, 'None', 'Write', true)).toBe('Write')
  expect(withFlag(definition, 'Write', 'Read', true)).toBe('Read, Write')
  expect(withFlag(definition, 'Read, Write', 'Write', false)).toBe('Read')
  expect(withFlag(definition, 'Read', 'Read', false)).toBe('None')
  expect(withFlag(definition, 'Read', 'None', true)).toBe('None')
  expect(flagsOf('Read,  Write')).toEqual(['Read', 'Write'])
  expect(enumeration('S.E, S', { A: 1 })).toBeDefined()
})

test('where a class is abstract, a value begins as one that derives from it', () => {
  expect(constructible(json, 'Shape')).toEqual(['Circle', 'Square'])
  expect(firstValue(json, 'Shape')).toEqual({ $type: 'Circle', $value: { Radius: 0 } })
})

test('bytes are dumped with where they stand and what they spell', () => {
  expect(hexDump(new TextEncoder().encode('hello, hexdump!\n~'))).toBe(
    '00000000  68 65 6c 6c 6f 2c 20 68  65 78 64 75 6d 70 21 0a hello, hexdump!·\n00000010  7e                                               ~',
  )
  expect(hexDump(new Uint8Array())).toBe('')
})

test('a value of an open type is edited as what it is', () => {
  for (const name of ['null', 'text', 'number', 'bool', 'int64', 'dateTime', 'bytes', 'guid', 'Circle']) {
    expect(formOf(switched(json, name)).name).toBe(name)
  }
  const form = formOf({ $numberLong: '5' })
  expect(form.inner).toMatchObject({ type: 'int64', value: '5' })
  expect(form.inner?.wrap('6')).toEqual({ $numberLong: '6' })
  expect(formOf({ $type: 'Circle', $value: { Radius: 1 } }).inner).toMatchObject({ type: 'Circle', path: '/$value' })
  expect(formOf([1])).toEqual({ name: 'other' })
})

test('only what names a type is one, whatever somebody writes', () => {
  const is = (node: unknown): boolean => isTypeNode(contract, node)
  for (const node of [
    'int32',
    'Circle',
    { list: 'Circle' },
    { array: 'int32', rank: 2 },
    { dictionary: ['string', { nullable: 'int32' }] },
    { collection: 'IList', of: ['string'] },
    { tuple: ['int32'] },
  ]) {
    expect(is(node)).toBe(true)
  }
  let deep: unknown = 'int32'
  for (let i = 0; i < 50; i++) deep = { list: deep }
  for (const node of [
    5,
    null,
    undefined,
    '',
    'Unknown',
    'void',
    [],
    {},
    { list: 5 },
    { tuple: [] },
    { pair: ['int32'] },
    { list: 'int32', set: 'int32' },
    { list: 'int32', rank: 2 },
    deep,
  ]) {
    expect(is(node)).toBe(false)
  }
})

test('the content of a data stream is a file, text or bytes: checked as its length, sent as its bytes, written as its name', async () => {
  if (!put) throw new Error('no method')
  const file = new File(['hello'], 'hello.txt')
  const withContent = (Content: unknown): unknown[] => [{ Name: 'n', Content }, []]
  expect(checkable(json, put, withContent(file))).toEqual(withContent({ $stream: 1, length: 5 }))
  expect(checkable(json, put, withContent({ $file: 'gone.txt' }))).toEqual(withContent({ $file: 'gone.txt' }))
  const blobIn = (args: unknown[]): Blob => (args[0] as { Content: Blob }).Content
  expect(blobIn(sendable(json, put, withContent(file)))).toBe(file)
  expect(await blobIn(sendable(json, put, withContent({ $text: 'é' }))).text()).toBe('é')
  expect([...new Uint8Array(await blobIn(sendable(json, put, withContent({ $base64: 'AQ==' }))).arrayBuffer())]).toEqual([1])
  const named = withNames(withContent(file))
  expect(named).toEqual(withContent({ $file: 'hello.txt' }))
  expect(blobIn(withFiles(json, put, named, withContent(file)))).toBe(file)
  // What looks so where no data stream stands is a value like any other.
  expect(sendable(json, put, [{ Name: { $text: 'x' }, Content: null }, []])).toEqual([{ Name: { $text: 'x' }, Content: null }, []])
})
