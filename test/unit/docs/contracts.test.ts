import { describeType, type TypeNode } from '@halibut-gateway/schemas'
import * as b from '@halibut-gateway/schemas/contract'
import { method, nothing, scalarNames, service } from '@halibut-gateway/schemas/contract'
import { contractJson } from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { HalibutError } from '../../../server/src/base/errors.ts'
import { TypeRegistry } from '../../../server/src/codec/contract-values.ts'
import { encodeRequest } from '../../../server/src/codec/envelope.ts'
import { type BsonTree, decodeTree, elementAt } from '../../support/bson-tree.ts'
import { builderOf, contractRows, contractSamples, contractsDocument, type Row, type Sample } from '../../support/contract-rows.ts'

test('the table has a row for every scalar, and one for every sample', () => {
  const built = contractRows.map(builderOf)
  expect(built.filter(name => !Object.hasOwn(contractSamples, name) && name !== 'dataStream')).toEqual([])
  expect([...Object.keys(contractSamples), 'dataStream'].filter(name => !built.includes(name))).toEqual([])
  expect(scalarNames.filter(name => !built.includes(name))).toEqual(['object', 'void'])
})

for (const row of contractRows.filter(({ builder }) => builder !== '`dataStream`')) {
  const name = builderOf(row)
  const sample = contractSamples[name] as Sample
  test(`${name} is ${row.dotnet} in .NET, ${row.json} in JSON and ${row.bson} in BSON`, () => {
    const contract = service('IRow', { M: method([['v', sample.type]], nothing) })
    const node = contract.methods[0]?.params[0]?.type as TypeNode
    const json = contractJson(contract)
    expect(json.write(node, sample.value, '', [])).toEqual(sample.json)
    expect(json.read(node, sample.json, '', [])).toEqual(sample.value)

    const compiled = new TypeRegistry().register(contract).method('M')
    expect(compiled.dotnetSignature).toContain(dotnetStart(row))
    const encode = (value: unknown): BsonTree =>
      elementAt(
        decodeTree(
          encodeRequest(
            { id: '1', activityId: '00112233-4455-6677-8899-aabbccddeeff', service: 'IRow', method: 'M' },
            compiled.params,
            [value],
            {},
          ).document,
        ),
        'Message',
        'params',
      )[2] as BsonTree
    const [type = 0] = encode(sample.value)[0] ?? []
    const stated = [...row.bson.matchAll(/0x(\w\w)/g)].map(([, hex = '']) => Number.parseInt(hex, 16))
    expect(stated).toContain(type)
    if ('outside' in sample) expect(() => encode(sample.outside)).toThrow(HalibutError)
    expect(describeType(node)).not.toBe('')
  })
}

test('the marks of the document are those that a contract may have, and each does what it says', () => {
  const section = contractsDocument.slice(contractsDocument.indexOf('## Marks'), contractsDocument.indexOf('## Which forms go out'))
  const marks = [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, name = '']) => name)
  const values: Readonly<Record<string, unknown>> = {
    secret: true,
    description: 'd',
    deprecated: true,
    required: true,
    default: 'a',
    maxLength: 5,
    pattern: '^a$',
  }
  expect(marks).toEqual(Object.keys(values))
  const marked = service('IMarks', { M: method([['p', b.member(b.string, values)]], b.nothing) })
  expect(b.checkContract(marked)).toMatchObject({ ok: true })
  expect(b.checkContract(service('IMarks', { M: method([['p', b.member(b.string, { other: 1 } as never)]], b.nothing) })).ok).toBe(false)
  const [example = ''] = /member\(string, \{.*?\}\)/.exec(section.replaceAll(/\s+/g, ' ')) ?? []
  const pattern = /pattern: '(.*)'/.exec(example)?.[1] ?? ''
  expect(
    [b.checkPattern(pattern), b.checkPattern('^(a+)+$'), b.checkPattern('^a*a*$'), b.checkPattern('^.*x.*$')].map(it => it === undefined),
  ).toEqual([true, false, false, false])
})

test('the limits of the document are those of the check', () => {
  const it = b.contractLimits
  const count = (value: number): string => value.toLocaleString('en')
  const sentence =
    `Limits: ${count(it.methods)} methods of ${it.parameters} parameters, ${count(it.types)} types of ${count(it.members)} members, ` +
    `${count(it.nodes)} type nodes, types ${it.depth} deep, names of ${it.nameLength} characters, ${it.aliases} further names of one thing, ` +
    `patterns of ${it.patternLength} characters that name ${count(it.patternPlaces)} where their counts are written out. ` +
    `Where nothing comes of an object, or of the arguments of a method, defaults and the members of structs make at most ${count(it.missingValues)} values of it`
  expect(contractsDocument.replaceAll(/\s+/g, ' ')).toContain(sentence)
})

/** How .NET’s signature prints the row’s type, as far as the row says it. */
function dotnetStart(row: Row): string {
  const name = /`(?:System\.Nullable<T>`|([^`<]+))/.exec(row.dotnet)?.[1] ?? 'System.Nullable'
  if (name.startsWith('T[')) return name.slice(1)
  return /^System\.(?:Boolean|Char|S?Byte(?:\[\])?|U?Int\d\d|Single|Double)$/.test(name) ? `(${name.slice('System.'.length)},` : `(${name}`
}
