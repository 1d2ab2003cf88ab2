import {
  type Contract,
  checkTypeNode,
  describeType,
  type ObjectDefinition,
  type TypeDefinition,
  type TypeNode,
} from '@halibut-gateway/schemas/contract'
import { bytes } from './bytes-values.ts'
import { type ClrType, refuse } from './clr-type.ts'
import { collectionKinds } from './collection-kinds.ts'
import { arrayTypeOf, gridType, sequenceType, type TypeOf } from './collection-values.ts'
import { dataStreamType } from './data-stream-values.ts'
import { dictionaryType } from './dictionary-values.ts'
import { enumType } from './enum-values.ts'
import { objectSlotType } from './materialise.ts'
import { nullableType } from './nullable-values.ts'
import { type ObjectMember, objectType } from './object-values.ts'
import { scalarTypes } from './scalar-values.ts'
import { contractType, systemType } from './type-names.ts'
import { defaultsOf } from './value-marks.ts'

/** Types stated at run time that a contract does not contain; beyond this many the memory of them starts anew. */
const maxStated = 256

/** The types of one contract, compiled once each. */
export interface CompiledTypes {
  compile(node: TypeNode): ClrType
  /** The type that a typed value states; throws `serialization_failed` where it is none. */
  readonly typeOf: TypeOf
  /** Those that `$type` may name: all that were compiled from the contract itself. */
  named(): readonly ClrType[]
}

/** Compiles the types of a checked contract. */
export function compileTypes(contract: Contract): CompiledTypes {
  const types: Readonly<Record<string, TypeDefinition>> = contract.types ?? {}
  const compiled = new Map<string, ClrType>()
  const stated = new Map<string, ClrType>()
  /** False while a type stated at run time is compiled: it is not one that `$type` may name. */
  let open = true

  /** The type of a typed value: of the contract, or made of its types. What comes from a caller is checked first. */
  const typeOf: TypeOf = node => {
    const known = typeof node === 'string' ? compiled.get(node) : undefined
    if (known) return known
    const [issue] = checkTypeNode(node, types)
    if (issue) return refuse(`$type${issue.place}: ${issue.message}`)
    const text = describeType(node)
    const existing = compiled.get(text) ?? stated.get(text)
    if (existing) return existing
    if (stated.size >= maxStated) stated.clear()
    open = false
    try {
      const type = compile(node)
      stated.set(text, type)
      return type
    } finally {
      open = true
    }
  }

  const objectSlot = objectSlotType(typeOf)
  const defaultOf = defaultsOf(contract)

  function compile(node: TypeNode): ClrType {
    const text = describeType(node)
    const existing = compiled.get(text)
    if (existing) return existing
    const type = make(node)
    if (open) compiled.set(text, type)
    return type
  }

  function make(node: TypeNode): ClrType {
    if (typeof node === 'string') return makeNamed(node)
    if ('nullable' in node) {
      const inner = compile(node.nullable)
      return inner.reference ? inner : nullableType(inner)
    }
    if ('list' in node) return sequenceType('List', compile(node.list), node, typeOf)
    if ('set' in node) return sequenceType('HashSet', compile(node.set), node, typeOf)
    if ('array' in node) {
      const rank = node.rank ?? 1
      return rank === 1 ? arrayTypeOf(compile(node.array), node, typeOf) : gridType(compile(node.array), rank, node, typeOf)
    }
    if ('dictionary' in node) return dictionaryType('Dictionary', compile(node.dictionary[0]), compile(node.dictionary[1]), node, typeOf)
    if ('collection' in node) return makeCollection(node.collection, node.of, node)
    if ('tuple' in node) return positional('System.Tuple', node.tuple, node, true)
    if ('valueTuple' in node) return positional('System.ValueTuple', node.valueTuple, node, false)
    return pairType(node.pair, node)
  }

  function makeNamed(name: string): ClrType {
    if (Object.hasOwn(scalarTypes, name)) return scalarTypes[name as keyof typeof scalarTypes]
    if (name === 'dataStream') return dataStreamType
    if (name === 'object' || name === 'void') return objectSlot
    const definition = Object.hasOwn(types, name) ? types[name] : undefined
    if (!definition) return refuse(`there is no type '${name}' in the contract of ${contract.service}`)
    return 'enum' in definition ? enumType(definition, name) : makeObject(definition, name)
  }

  function makeCollection(kindName: string, of: readonly TypeNode[], node: TypeNode): ClrType {
    const standsFor = collectionKinds[kindName]?.standsFor
    // The class that is written in an interface’s place is one that may come back.
    if (standsFor && open) {
      const [first, second] = of as readonly [TypeNode, TypeNode?]
      compile(
        standsFor.kind === 'List'
          ? { list: first }
          : standsFor.kind === 'HashSet'
            ? { set: first }
            : { dictionary: [first, second ?? first] },
      )
    }
    const [first, second] = of.map(compile) as [ClrType, ClrType?]
    return second ? dictionaryType(kindName, first, second, node, typeOf) : sequenceType(kindName, first, node, typeOf)
  }

  function makeObject(definition: ObjectDefinition, name: string): ClrType {
    const members: ObjectMember[] = []
    const derived: ClrType[] = []
    const kind = definition.kind ?? 'class'
    const args = (definition.of ?? []).map(compile)
    const type = objectType(
      {
        name: contractType(
          definition.object,
          args.map(arg => arg.name),
        ),
        node: name,
        reference: kind !== 'struct',
        abstract: definition.abstract === true || kind === 'interface',
        members,
        derived,
        positional: false,
        untagged: false,
      },
      typeOf,
    )
    // Its place is taken before its members are compiled: they may name it.
    compiled.set(name, type)
    for (const member of definition.members) {
      members.push({ name: member.name, type: compile(member.type), omitNull: member.omitNull ?? false, fallback: defaultOf(member) })
    }
    derived.push(...(definition.derived ?? []).map(compile))
    return type
  }

  function positional(dotnet: string, nodes: readonly TypeNode[], node: TypeNode, reference: boolean): ClrType {
    const items = nodes.map(compile)
    return objectType(
      {
        name: systemType(`${dotnet}\`${items.length}`, ...items.map(item => item.name)),
        node,
        reference,
        abstract: false,
        members: items.map((type, i) => ({ name: `Item${i + 1}`, type, omitNull: false })),
        derived: [],
        positional: true,
        untagged: false,
      },
      typeOf,
    )
  }

  function pairType([keyNode, valueNode]: readonly [TypeNode, TypeNode], node: TypeNode): ClrType {
    const key = compile(keyNode)
    const value = compile(valueNode)
    return objectType(
      {
        name: systemType('System.Collections.Generic.KeyValuePair`2', key.name, value.name),
        node,
        reference: false,
        abstract: false,
        members: [
          { name: 'Key', type: key, omitNull: false },
          { name: 'Value', type: value, omitNull: false },
        ],
        derived: [],
        positional: true,
        untagged: true,
      },
      typeOf,
    )
  }

  return {
    compile,
    typeOf,
    named: () => [...compiled.values(), bytes, dataStreamType],
  }
}
