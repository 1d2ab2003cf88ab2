import { type SchemaOptions, type TSchema, Type } from '@sinclair/typebox'
import { collections } from './collections.ts'
import { isReference } from './contract-type-check.ts'
import {
  type Contract,
  type EnumDefinition,
  type MarkedType,
  type Marks,
  type MethodNode,
  type ObjectDefinition,
  signatureOf,
  type TypeDefinition,
  type TypeNode,
} from './contract-types.ts'

/** The schemas of a contract’s values in their JSON form (`schemas/CONTRACTS.md`). */
export interface ContractSchemas {
  /** Those of the contract’s named types, each with its name as `$id`: the references that a check needs. */
  readonly definitions: readonly TSchema[]
  /** By signature. `params` is an array of the arguments in order. */
  readonly methods: ReadonlyMap<string, { readonly params: TSchema; readonly result: TSchema }>
}

/**
 * TypeBox schemas of a checked contract, for `Value.Check(schema, definitions, json)`. They live in memory only: sent as JSON they are no
 * TypeBox schemas any more; for that there is {@link contractJsonSchema}.
 */
export function contractSchemas(contract: Contract): ContractSchemas {
  const types = contract.types ?? {}
  const build = schemaBuilder(types)
  return {
    definitions: Object.entries(types).map(([name, definition]) => build.definition(name, definition)),
    methods: new Map(
      contract.methods.map(method => [
        signatureOf(method),
        {
          params: parameters(
            method.params.map(param => build.marked(param, { title: param.name })),
            method,
          ),
          result: build.type(method.result),
        },
      ]),
    ),
  }
}

/** The same as one JSON Schema document: `$defs` for the named types, and under `methods` the parameters and result of each signature. */
export function contractJsonSchema(contract: Contract): Record<string, unknown> {
  const { definitions, methods } = contractSchemas(contract)
  const types = Object.keys(contract.types ?? {})
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: contract.service,
    $defs: Object.fromEntries(definitions.map((schema, i) => [types[i] as string, pointed(schema)])),
    methods: Object.fromEntries(
      [...methods].map(([signature, { params, result }]) => [signature, { params: pointed(params), result: pointed(result) }]),
    ),
  }
}

/** Plain JSON, with references to `$defs` and tuples as the 2020-12 draft writes them. */
function pointed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(pointed)
  if (typeof schema !== 'object' || schema === null) return schema
  const plain: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(schema)) if (key !== '$id') plain[key] = pointed(value)
  const ref = plain['$ref']
  if (typeof ref === 'string') plain['$ref'] = `#/$defs/${encodeURI(ref.replaceAll('~', '~0').replaceAll('/', '~1'))}`
  if (!Array.isArray(plain['items'])) return plain
  const { items, additionalItems: _, ...tuple } = plain
  return { ...tuple, prefixItems: items, items: false }
}

/** The last ones may be missing where they have a default. */
function parameters(params: TSchema[], { params: nodes }: MethodNode): TSchema {
  const least = nodes.findIndex(param => param.default !== undefined)
  const all = Type.Tuple(params)
  if (least < 0) return all
  return Type.Union(
    [...params.keys()]
      .slice(least)
      .map(count => Type.Tuple(params.slice(0, count)))
      .concat(all),
  )
}

interface SchemaBuilder {
  type(node: TypeNode, options?: SchemaOptions): TSchema
  /** Of a parameter or member with what its marks want. */
  marked(node: MarkedType, options?: SchemaOptions): TSchema
  definition(name: string, definition: TypeDefinition): TSchema
}

function schemaBuilder(types: Readonly<Record<string, TypeDefinition>>): SchemaBuilder {
  const orNull = (schema: TSchema, options: SchemaOptions): TSchema => Type.Union([schema, Type.Null()], options)

  const type: SchemaBuilder['type'] = (node, options = {}) => {
    const nullable = typeof node !== 'string' && 'nullable' in node
    const inner = nullable ? node.nullable : node
    // A .NET reference can always be null.
    if (nullable || isReference(inner, types)) return orNull(plain(inner), options)
    return Object.keys(options).length > 0 ? { ...plain(inner), ...options } : plain(inner)
  }

  const marked: SchemaBuilder['marked'] = (node, options = {}) => {
    const all = { ...options, ...notes(node) }
    const wanted = wantedOf(node)
    if (!node.required && !wanted) return type(node.type, all)
    const inner = typeof node.type === 'object' && 'nullable' in node.type ? node.type.nullable : node.type
    const schema = { ...plain(inner), ...wanted }
    return node.required ? { ...schema, ...all } : orNull(schema, all)
  }

  const plain = (node: TypeNode): TSchema => {
    if (typeof node === 'string') return scalarSchemas[node] ?? Type.Ref(node)
    if ('nullable' in node) return plain(node.nullable)
    if ('list' in node) return Type.Array(type(node.list))
    if ('set' in node) return Type.Array(type(node.set))
    if ('array' in node) {
      let schema = Type.Array(type(node.array))
      for (let i = 1; i < (node.rank ?? 1); i++) schema = Type.Array(schema)
      return schema
    }
    if ('dictionary' in node) return dictionary(node.dictionary)
    if ('collection' in node) {
      const { shape } = collections[node.collection as keyof typeof collections]
      return shape === 'dictionary' ? dictionary(node.of as readonly [TypeNode, TypeNode]) : Type.Array(type(node.of[0] as TypeNode))
    }
    return Type.Tuple(('tuple' in node ? node.tuple : 'valueTuple' in node ? node.valueTuple : node.pair).map(item => type(item)))
  }

  const dictionary = ([key, value]: readonly [TypeNode, TypeNode]): TSchema =>
    key === 'string'
      ? Type.Record(Type.String(), type(value))
      : Type.Union([Type.Array(Type.Tuple([type(key), type(value)])), Type.Record(Type.String(), type(value))])

  const object = (definition: ObjectDefinition): TSchema =>
    Type.Object(
      Object.fromEntries(
        definition.members.map(member => {
          const schema = marked(member)
          const isNullable = (typeof member.type !== 'string' && 'nullable' in member.type) || isReference(member.type, types)
          const mayMiss = member.default !== undefined || (isNullable && !member.required)
          return [member.name, mayMiss ? Type.Optional(schema) : schema]
        }),
      ),
      { additionalProperties: false },
    )

  const definition: SchemaBuilder['definition'] = (name, it) => {
    const options = { $id: name, ...(it.description === undefined ? {} : { description: it.description }) }
    if ('enum' in it) return enumeration(it, options)
    const derived = [...derivedOf(it, types)].map(([derivedName, derivedDefinition]) =>
      Type.Object({ $type: Type.Literal(derivedName), $value: object(derivedDefinition) }, { additionalProperties: false }),
    )
    const own = it.abstract || it.kind === 'interface' ? [] : [object(it)]
    return derived.length === 0 && own[0] ? { ...own[0], ...options } : Type.Union([...own, ...derived], options)
  }

  return { type, marked, definition }
}

function enumeration(definition: EnumDefinition, options: SchemaOptions): TSchema {
  const names = Object.keys(definition.values)
  const named = definition.flags
    ? Type.String({ pattern: `^(?:${names.join('|')})(?: ?, ?(?:${names.join('|')}))*$` })
    : Type.Union(names.map(name => Type.Literal(name)))
  return Type.Union([named, Type.Integer(), Type.String({ pattern: '^-?[0-9]{16,20}$' })], options)
}

/** Every class that can stand in a base’s place and have values of its own. */
function derivedOf(
  definition: ObjectDefinition,
  types: Readonly<Record<string, TypeDefinition>>,
  found = new Map<string, ObjectDefinition>(),
  seen = new Set<string>(),
): Map<string, ObjectDefinition> {
  for (const name of definition.derived ?? []) {
    const derived = types[name]
    if (derived === undefined || 'enum' in derived || seen.has(name)) continue
    seen.add(name)
    if (!derived.abstract && derived.kind !== 'interface') found.set(name, derived)
    derivedOf(derived, types, found, seen)
  }
  return found
}

function notes(marks: Marks): SchemaOptions {
  return {
    ...(marks.description === undefined ? {} : { description: marks.description }),
    ...(marks.deprecated ? { deprecated: true } : {}),
    ...(marks.secret ? { writeOnly: true } : {}),
    ...(marks.default === undefined ? {} : { default: marks.default }),
  }
}

/** What the marks want of text, or of bytes as base64url. */
function wantedOf({ type, maxLength, pattern }: MarkedType): SchemaOptions | undefined {
  if (maxLength === undefined && pattern === undefined) return undefined
  const isBytes = type === 'bytes' || (typeof type === 'object' && 'nullable' in type && type.nullable === 'bytes')
  return {
    ...(maxLength === undefined ? {} : { maxLength: isBytes ? Math.ceil(maxLength / 3) * 4 : maxLength }),
    ...(pattern === undefined ? {} : { pattern }),
  }
}

function integer(minimum: number, maximum: number): TSchema {
  return Type.Integer({ minimum, maximum })
}

function text(pattern: string, examples: readonly string[]): TSchema {
  return Type.String({ pattern, examples })
}

const largeInteger = Type.Union([text('^-?(?:0|[1-9][0-9]{0,3999})$', ['9007199254740993']), Type.Integer()])
const floating = Type.Union([Type.Number(), Type.Literal('NaN'), Type.Literal('Infinity'), Type.Literal('-Infinity'), Type.Literal('-0')])
const instant = text('^[0-9]{4}-[0-9]{2}-[0-9]{2}T(?!24)[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})$', [
  '2020-01-02T03:04:05.678Z',
])

function tagged(tag: string, content: TSchema): TSchema {
  return Type.Object({ [tag]: content }, { additionalProperties: false })
}

/** The JSON form of each scalar; a null where the .NET type has one is added where it stands. */
const scalarSchemas: Readonly<Record<string, TSchema>> = {
  bool: Type.Boolean(),
  sbyte: integer(-128, 127),
  byte: integer(0, 255),
  int16: integer(-32_768, 32_767),
  uint16: integer(0, 65_535),
  int32: integer(-2_147_483_648, 2_147_483_647),
  uint32: integer(0, 2_147_483_647),
  int64: largeInteger,
  uint64: largeInteger,
  bigInteger: largeInteger,
  float: floating,
  double: floating,
  // At most 15 significant digits, zeros at either end not counted: what a double keeps.
  decimal: text('^-?(?=[0-9]+(?:\\.[0-9]+)?$)(?:0|\\.)*(?:[1-9](?:\\.?[0-9]){0,14})?(?:0|\\.)*$', ['1.10']),
  string: Type.String(),
  char: text('^[\\s\\S]$', ['a']),
  guid: text('^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$', ['01234567-89ab-cdef-0123-456789abcdef']),
  dateTime: instant,
  dateTimeOffset: instant,
  dateOnly: text('^[0-9]{4}-[0-9]{2}-[0-9]{2}$', ['2020-01-02']),
  timeOnly: text('^[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\\.[0-9]{1,7})?)?$', ['03:04:05.678']),
  timeSpan: text(
    '^-?(?:P(?=[0-9]|T[0-9])(?:[0-9]+D)?(?:T(?=[0-9])(?:[0-9]+H)?(?:[0-9]+M)?(?:[0-9]+(?:\\.[0-9]{1,7})?S)?)?|(?:[0-9]+\\.)?(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,7})?)$',
    ['PT2M', '00:02:00'],
  ),
  uri: Type.String(),
  version: text('^[0-9]+(?:\\.[0-9]+){1,3}$', ['1.2.3']),
  bytes: text('^(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{2}(?:==)?|[A-Za-z0-9_-]{3}=?)?$', ['AQID']),
  dataStream: Type.Object(
    { $stream: Type.Union([Type.Integer(), Type.String()]), length: Type.Integer({ minimum: 0 }) },
    { additionalProperties: false },
  ),
  object: Type.Union([
    Type.Null(),
    Type.Boolean(),
    Type.Number(),
    Type.String(),
    tagged('$numberLong', text('^-?[0-9]{1,20}$', ['5'])),
    tagged('$numberDouble', Type.String()),
    tagged('$date', instant),
    tagged('$binary', Type.String()),
    tagged('$uuid', Type.String()),
    Type.Object({ $type: Type.Unknown(), $value: Type.Unknown() }, { additionalProperties: false }),
  ]),
  void: Type.Null(),
}
