import { contractLimits, type Findings, type Json, pointer } from './contract-findings.ts'
import { type MarksCheck, markNames } from './contract-marks-check.ts'
import { isReference, scalars, type TypeCheck } from './contract-type-check.ts'
import { type CombinedType, describeType, type IntegerName, shortTypeName, type TypeDefinition, type TypeNode } from './contract-types.ts'

const typeNamePattern = /^[A-Za-z_][A-Za-z0-9_.]*(?:<[A-Za-z0-9_.<>,?[\]]*>)?$/
const dotnetPattern = /^[A-Za-z_][\w.+]*(?:`\d{1,2})?, ?[A-Za-z_][\w.-]*$/
const reservedMembers: ReadonlySet<string> = new Set(['$type', '$id', '$ref', '$value', '$values', '__proto__'])

const integerLimits: Readonly<Record<IntegerName, readonly [bigint, bigint]>> = {
  sbyte: [-128n, 127n],
  byte: [0n, 255n],
  int16: [-32_768n, 32_767n],
  uint16: [0n, 65_535n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
}

/** Checks the definitions of a document: its objects and enumerations. */
export class DefinitionCheck {
  readonly #findings: Findings
  readonly #types: Json
  readonly #typeCheck: TypeCheck
  readonly #marks: MarksCheck

  constructor(findings: Findings, types: Json, typeCheck: TypeCheck, marks: MarksCheck) {
    this.#findings = findings
    this.#types = types
    this.#typeCheck = typeCheck
    this.#marks = marks
  }

  /** All of them. */
  all(): void {
    const types = this.#types
    const names = Object.keys(types)
    if (names.length > contractLimits.types) this.#findings.issue('/types', `has more than ${contractLimits.types} entries`)
    const byDotnet = new Map<string, string>()
    for (const name of names.slice(0, contractLimits.types)) {
      const place = `/types/${pointer(name)}`
      if (name.length > contractLimits.nameLength || !typeNamePattern.test(name)) this.#findings.issue(place, 'is not a name for a type')
      if (scalars.has(name)) this.#findings.issue(place, `${name} is a scalar type; choose another name`)
      const definition = types[name]
      if (typeof definition !== 'object' || definition === null || Array.isArray(definition))
        this.#findings.issue(place, 'must be an object')
      else if ('enum' in definition) this.#enum(definition as Json, place)
      else if ('object' in definition) this.#objectDefinition(definition as Json, place, name)
      else this.#findings.issue(place, "must have 'object' or 'enum', the .NET name")
      for (const identity of identitiesOf(definition, node => withoutReferenceNullables(node, types))) {
        const other = byDotnet.get(identity)
        if (other !== undefined && other !== name) this.#findings.issue(place, `is the same .NET type as '${other}'`)
        else byDotnet.set(identity, name)
      }
    }
  }

  #objectDefinition(definition: Json, place: string, name: string): void {
    this.#findings.object(definition, place, ['object', 'aliases', 'of', 'kind', 'abstract', 'members', 'derived', 'description'])
    this.#dotnetName(definition['object'], `${place}/object`)
    this.#aliases(definition['aliases'], definition['object'], `${place}/aliases`)
    this.#findings.text(definition['description'], `${place}/description`)
    this.#findings.flag(definition['abstract'], `${place}/abstract`)
    const kind = definition['kind']
    if (kind !== undefined && kind !== 'class' && kind !== 'struct' && kind !== 'interface') {
      this.#findings.issue(`${place}/kind`, "must be 'class', 'struct' or 'interface'")
    }
    const args = definition['of'] === undefined ? [] : (this.#findings.array(definition['of'], `${place}/of`, 16) ?? [])
    args.forEach((arg, i) => {
      this.#typeCheck.type(arg, `${place}/of/${i}`, 'argument')
    })
    const arity = arityOf(definition['object'])
    if (arity !== args.length) this.#findings.issue(`${place}/of`, `must have as many types as the .NET name says: ${arity}`)
    const seen = new Set<unknown>()
    this.#findings.array(definition['members'], `${place}/members`, contractLimits.members)?.forEach((it, i) => {
      const at = `${place}/members/${i}`
      const member = this.#findings.object(it, at, ['name', 'type', 'omitNull', ...markNames])
      if (!member) return
      const memberName = member['name']
      if (typeof memberName !== 'string' || memberName.length > contractLimits.nameLength || memberName.includes('\0')) {
        this.#findings.issue(`${at}/name`, `must be a text of at most ${contractLimits.nameLength} characters without NUL`)
      } else if (reservedMembers.has(memberName)) this.#findings.issue(`${at}/name`, `${memberName} means something else on the wire`)
      if (seen.has(memberName)) this.#findings.issue(`${at}/name`, `there is another member '${String(memberName)}'`)
      seen.add(memberName)
      this.#findings.flag(member['omitNull'], `${at}/omitNull`)
      this.#typeCheck.type(member['type'], `${at}/type`, 'item')
      this.#marks.check(member, at)
    })
    this.#derived(definition['derived'], `${place}/derived`, name)
  }

  #derived(value: unknown, place: string, name: string): void {
    if (value === undefined) return
    this.#findings.array(value, place, contractLimits.types)?.forEach((it, i) => {
      const at = `${place}/${i}`
      const target = typeof it === 'string' && Object.hasOwn(this.#types, it) ? (this.#types[it] as Json) : undefined
      if (target === undefined || typeof target !== 'object' || !('object' in target))
        this.#findings.issue(at, 'must be the name of a class of this contract')
      else if (it === name) this.#findings.issue(at, 'a class does not derive from itself')
      else if (this.#derivesFrom(String(it), name, new Set())) this.#findings.issue(at, `'${String(it)}' is already a base of '${name}'`)
    })
  }

  #derivesFrom(from: string, wanted: string, seen: Set<string>): boolean {
    if (seen.has(from)) return false
    seen.add(from)
    const derived = (this.#types[from] as Json | undefined)?.['derived']
    return Array.isArray(derived) && derived.some(it => it === wanted || (typeof it === 'string' && this.#derivesFrom(it, wanted, seen)))
  }

  #enum(definition: Json, place: string): void {
    this.#findings.object(definition, place, ['enum', 'aliases', 'underlying', 'flags', 'values', 'description'])
    this.#dotnetName(definition['enum'], `${place}/enum`)
    this.#aliases(definition['aliases'], definition['enum'], `${place}/aliases`)
    this.#findings.flag(definition['flags'], `${place}/flags`)
    this.#findings.text(definition['description'], `${place}/description`)
    const underlying = definition['underlying'] ?? 'int32'
    const known = typeof underlying === 'string' && Object.hasOwn(integerLimits, underlying)
    if (!known) this.#findings.issue(`${place}/underlying`, `must be one of ${Object.keys(integerLimits).join(', ')}`)
    const [min, max] = integerLimits[known ? (underlying as IntegerName) : 'int32']
    const values = this.#findings.object(definition['values'], `${place}/values`)
    if (!values) return
    const entries = Object.entries(values)
    if (entries.length === 0 || entries.length > contractLimits.enumValues) {
      this.#findings.issue(`${place}/values`, `must have 1 to ${contractLimits.enumValues} entries`)
    }
    for (const [name, value] of entries.slice(0, contractLimits.enumValues)) {
      const at = `${place}/values/${pointer(name)}`
      if (name.length > contractLimits.nameLength || !/^[\p{L}_][\p{L}\p{N}_]*$/u.test(name))
        this.#findings.issue(at, 'is not a name for an enum value')
      const number =
        Number.isSafeInteger(value) || (typeof value === 'string' && /^-?\d{1,20}$/.test(value))
          ? BigInt(value as number | string)
          : undefined
      if (number === undefined) this.#findings.issue(at, 'must be a whole number (decimal text beyond 2^53)')
      else if (number < min || number > max) this.#findings.issue(at, `${number} is outside ${String(underlying)}: ${min} to ${max}`)
    }
  }

  /** Further names: of the same arity as the first. */
  #aliases(value: unknown, first: unknown, place: string): void {
    if (value === undefined) return
    const seen = new Set([first])
    this.#findings.array(value, place, contractLimits.aliases)?.forEach((alias, i) => {
      this.#dotnetName(alias, `${place}/${i}`)
      if (arityOf(alias) !== arityOf(first)) this.#findings.issue(`${place}/${i}`, 'must have as many type arguments as the first name')
      if (seen.has(alias)) this.#findings.issue(`${place}/${i}`, 'is a name of this type already')
      seen.add(alias)
    })
  }

  #dotnetName(value: unknown, place: string): void {
    if (typeof value !== 'string' || value.length > contractLimits.nameLength || !dotnetPattern.test(value)) {
      this.#findings.issue(place, 'must be a .NET name with its assembly: Namespace.Type, Assembly')
    } else if (shortTypeName(value) === '') this.#findings.issue(place, 'names no type')
  }
}

/** .NET has no nullable references. */
export function withoutReferenceNullables(node: TypeNode, types: Readonly<Record<string, unknown>>): TypeNode {
  if (typeof node === 'string' || !('nullable' in node)) return node
  return isReference(node.nullable, types as Record<string, TypeDefinition>) ? node.nullable : node
}

/** How many type arguments a .NET name says. */
function arityOf(name: unknown): number {
  return Number(/`(\d+)/.exec(String(name))?.[1] ?? 0)
}

/** What makes two definitions the same .NET type: each name without its assembly, with the type arguments. */
function identitiesOf(definition: unknown, plain: (node: TypeNode) => TypeNode): readonly string[] {
  if (typeof definition !== 'object' || definition === null) return []
  const it = definition as { object?: unknown; enum?: unknown; of?: unknown; aliases?: unknown }
  let args = ''
  try {
    if (Array.isArray(it.of)) args = it.of.map(t => describeType(plain(t as CombinedType))).join(',')
  } catch {
    // Malformed arguments are reported where they stand.
  }
  return [it.object ?? it.enum, ...(Array.isArray(it.aliases) ? (it.aliases as unknown[]) : [])]
    .filter(name => typeof name === 'string')
    .map(name => `${name.split(',')[0]?.trim() ?? ''}<${args}>`)
}
