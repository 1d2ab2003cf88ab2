import { type Contract, type ContractIssue, describeType, type TypeDefinition, type TypeNode } from './contract-types.ts'

/** Value types that an object slot hands over as they are; every other one becomes something else (spec §4.6.1). */
const binding: ReadonlySet<string> = new Set(['bool', 'int64', 'double', 'guid', 'dateTime'])
/** Scalars that .NET’s caller converts a result to (spec §4.6.4). */
const convertible: ReadonlySet<string> = new Set([
  ...binding,
  'sbyte',
  'byte',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'uint64',
  'float',
  'decimal',
  'char',
])
const scalarsThatNeverBind: ReadonlySet<string> = new Set([
  'sbyte',
  'byte',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'uint64',
  'bigInteger',
  'float',
  'decimal',
  'char',
  'dateTimeOffset',
  'dateOnly',
  'timeOnly',
  'timeSpan',
  'uri',
  'version',
])

/** What in a contract a .NET peer cannot take: parameters that no argument binds to, results that its caller cannot read. */
export function warningsOf(contract: Contract): readonly ContractIssue[] {
  const types = contract.types ?? {}
  const warnings: ContractIssue[] = []
  contract.methods.forEach((method, i) => {
    method.params.forEach((param, j) => {
      const place = `/methods/${i}/params/${j}/type`
      if (neverBinds(param.type, types)) {
        warnings.push({
          place,
          message: `a parameter of type ${describeType(param.type)} never binds at a .NET service: what arrives is a ${arrivesAs(param.type, types)}`,
        })
      } else if (typeof param.type !== 'string' && 'nullable' in param.type && binding.has(String(param.type.nullable))) {
        warnings.push({ place, message: `null never binds to ${describeType(param.type)} at a .NET service` })
      }
    })
    if (neverConverts(method.result, types)) {
      warnings.push({ place: `/methods/${i}/result`, message: `a .NET caller cannot read a result of type ${describeType(method.result)}` })
    }
  })
  return warnings
}

function neverBinds(node: TypeNode, types: Readonly<Record<string, TypeDefinition>>): boolean {
  if (typeof node !== 'string') return 'pair' in node || ('nullable' in node && neverBinds(node.nullable, types))
  return scalarsThatNeverBind.has(node) || isEnum(node, types)
}

function neverConverts(node: TypeNode, types: Readonly<Record<string, TypeDefinition>>): boolean {
  if (typeof node !== 'string') {
    if ('pair' in node) return true
    if (!('nullable' in node)) return false
    const inner = node.nullable
    return neverConverts(inner, types) || (typeof inner === 'string' && convertible.has(inner) && !binding.has(inner))
  }
  return (scalarsThatNeverBind.has(node) && !convertible.has(node)) || isEnum(node, types)
}

function isEnum(name: string, types: Readonly<Record<string, TypeDefinition>>): boolean {
  const definition = Object.hasOwn(types, name) ? types[name] : undefined
  return definition !== undefined && 'enum' in definition
}

function arrivesAs(node: TypeNode, types: Readonly<Record<string, TypeDefinition>>): string {
  if (typeof node !== 'string') return 'nullable' in node ? arrivesAs(node.nullable, types) : 'document without a type'
  if (node === 'float' || node === 'decimal') return 'double'
  if (node === 'dateTimeOffset') return 'DateTime'
  if (node === 'bigInteger') return 'byte array'
  return ['char', 'dateOnly', 'timeOnly', 'timeSpan', 'uri', 'version'].includes(node) ? 'string' : 'long'
}
