import { type Contract, checkContract, type MethodNode, signatureOf, type TypeNode } from '@halibut-gateway/schemas/contract'
import { takesCount } from '@halibut-gateway/schemas/wire'
import { checkArgument } from '../base/argument.ts'
import { HalibutError } from '../base/errors.ts'
import { bytes } from './bytes-values.ts'
import type { ClrType, ValueCodec } from './clr-type.ts'
import { compileTypes } from './compile-types.ts'
import { dataStreamType } from './data-stream-values.ts'
import { unknownType } from './materialise.ts'
import {
  type Corlib,
  contractType,
  looksResolvable,
  namesSameType,
  parseTypeName,
  type TypeName,
  typeKey,
  unresolvedType,
} from './type-names.ts'
import { defaultsOf, type MarkedMethod, markedMethods } from './value-marks.ts'

/** Knows which types a peer may name in `$type`. Nothing is ever made by name alone. */
export interface TypeResolver {
  /** The type a `$type` text names. Throws `serialization_failed`, in .NET’s words, where none that is allowed does. */
  resolve(text: string): ClrType
}

/** A contract made ready for the wire. */
export interface CompiledContract extends TypeResolver {
  readonly contract: Contract
  readonly service: string
  readonly allMethods: readonly CompiledMethod[]
  /** The overloads of a name, in any letter case; empty when there are none. */
  methods(name: string): readonly CompiledMethod[]
  /** The method of a signature, or of a name that has one only. Throws `method_not_found` or `ambiguous_method`. */
  method(nameOrSignature: string): CompiledMethod
}

/** A method made ready for the wire. */
export interface CompiledMethod {
  readonly name: string
  /** `Add(int64,int64)`. */
  readonly signature: string
  /** As .NET prints the asynchronous counterpart; stands in overload errors (spec §6.5). */
  readonly dotnetSignature: string
  readonly params: readonly ValueCodec[]
  readonly result: ValueCodec
  readonly returnsNothing: boolean
  readonly idempotent: boolean
  readonly cacheSeconds: number | undefined
  /** What the marks of its types do not want. */
  readonly marked: MarkedMethod
  /** The arguments with the defaults of those that are missing. Throws `invalid_argument` for a count that the method does not take. */
  complete(args: readonly unknown[]): readonly unknown[]
  /** Whether arguments, or the result, may hold data streams. */
  readonly takesStreams: boolean
  readonly returnsStreams: boolean
  readonly node: MethodNode
}

/** Peers repeat a few names; no more than this many texts are remembered. For the row “message codec”. */
const maxRememberedTexts = 4_096

/** The types of all contracts of a runtime (spec §4.8), and the contracts made ready. */
export class TypeRegistry implements TypeResolver {
  /** Whose assembly names are written. Default `mscorlib`: every peer resolves them. */
  readonly corlib: Corlib
  /** For answers that no contract describes: a type that is not known is plain data. */
  readonly untyped: TypeResolver = { resolve: text => this.#names.find(text) ?? unknownType }
  readonly #byDocument = new Map<string, Registered>()
  readonly #byContract = new WeakMap<Contract, CompiledContract>()
  readonly #byService = new Map<string, CompiledContract>()
  readonly #names = nameTable()

  constructor(options: { readonly corlib?: Corlib } = {}) {
    this.corlib = options.corlib ?? 'mscorlib'
    this.#allowOurs()
  }

  /** Makes a contract ready and allows its types. The same contract again is the same object. Throws `invalid_contract`. */
  register(contract: Contract): CompiledContract {
    const known = this.#byContract.get(contract)
    if (known) return known
    const compiled = this.#compile(contract)
    this.#byContract.set(contract, compiled)
    this.#byService.set(compiled.service.toLowerCase(), compiled)
    for (const alias of contract.aliases ?? []) {
      const key = alias.toLowerCase()
      // A service of this name goes before one that only has it too.
      if (this.#byService.get(key)?.service.toLowerCase() !== key) this.#byService.set(key, compiled)
    }
    return compiled
  }

  /**
   * Takes back what {@link register} did with this very object; what was made of it works on for those who hold it. Its types are not known any
   * more where no contract describes an answer, unless another contract has them.
   */
  forget(contract: Contract): void {
    const compiled = this.#byContract.get(contract)
    if (!compiled) return
    this.#byContract.delete(contract)
    const text = JSON.stringify(contract)
    const registered = this.#byDocument.get(text)
    if (!registered || --registered.contracts > 0) return
    this.#byDocument.delete(text)
    for (const [service, each] of this.#byService) if (each === compiled) this.#byService.delete(service)
    this.#names.clear()
    this.#allowOurs()
    for (const { allow } of this.#byDocument.values()) allow(this.#names)
  }

  /** The contract registered last for a service, in any letter case. */
  contractOf(service: string): CompiledContract | undefined {
    return this.#byService.get(service) ?? this.#byService.get(service.toLowerCase())
  }

  resolve(text: string): ClrType {
    return this.#names.find(text) ?? this.#names.fail(text)
  }

  /** Throws `invalid_contract` for what is none, `invalid_argument` for what is no object at all. */
  check(contract: unknown): void {
    const check = checkContract(contract)
    if (check.ok) return
    checkArgument(contract, 'the contract', 'object')
    const shown = check.issues.slice(0, 5).map(issue => `${issue.place || '/'} ${issue.message}`)
    throw new HalibutError('invalid_contract', `the contract is not acceptable: ${shown.join('; ')}`)
  }

  #compile(contract: Contract): CompiledContract {
    this.check(contract)
    const text = JSON.stringify(contract)
    const same = this.#byDocument.get(text)
    if (same) {
      same.contracts++
      return same.compiled
    }
    const made = compileContract(contract, this.#names)
    this.#byDocument.set(text, { ...made, contracts: 1 })
    return made.compiled
  }

  #allowOurs(): void {
    this.#names.add(bytes)
    this.#names.add(dataStreamType)
  }
}

/** A contract document that was made ready. */
interface Registered {
  readonly compiled: CompiledContract
  /** Lets a table know its types. */
  readonly allow: (table: NameTable) => void
  /** How many contracts have this very text. */
  contracts: number
}

function compileContract(contract: Contract, shared: NameTable): Omit<Registered, 'contracts'> {
  const types = compileTypes(contract)
  const own = nameTable()
  const markedMethod = markedMethods(contract)
  const allMethods = contract.methods.map(node => compileMethod(node, contract, types.compile, markedMethod(node)))
  // Derived classes and implementations may come without being named by a parameter.
  for (const name of Object.keys(contract.types ?? {})) types.compile(name)
  const allow = (table: NameTable): void => {
    for (const type of types.named()) table.add(type)
    for (const definition of Object.values(contract.types ?? {})) {
      const first = 'enum' in definition ? definition.enum : definition.object
      for (const alias of definition.aliases ?? []) table.addAlias(alias, first)
    }
  }
  for (const table of [own, shared]) allow(table)
  const byName = new Map<string, CompiledMethod[]>()
  for (const method of allMethods) {
    const key = method.name.toLowerCase()
    byName.set(key, [...(byName.get(key) ?? []), method])
  }
  const bySignature = new Map(allMethods.map(method => [method.signature, method]))
  const methods = (name: string): readonly CompiledMethod[] => byName.get(name) ?? byName.get(name.toLowerCase()) ?? []
  const compiled: CompiledContract = {
    contract,
    service: contract.service,
    allMethods,
    methods,
    method(nameOrSignature) {
      const exact = bySignature.get(nameOrSignature)
      if (exact) return exact
      const [first, ...others] = methods(nameOrSignature)
      if (!first) {
        throw new HalibutError('method_not_found', `${contract.service} has no method ${nameOrSignature.slice(0, 128)}`)
      }
      if (others.length > 0) {
        const list = [first, ...others].map(method => method.signature).join(', ')
        throw new HalibutError('ambiguous_method', `${first.name} has several overloads, name one: ${list}`)
      }
      return first
    },
    resolve: text => own.find(text) ?? shared.find(text) ?? shared.fail(text),
  }
  return { compiled, allow }
}

function compileMethod(node: MethodNode, contract: Contract, compile: (node: TypeNode) => ClrType, marked: MarkedMethod): CompiledMethod {
  const params = node.params.map(param => compile(param.type))
  const result = node.result === 'void' ? noResult : compile(node.result)
  const task = node.result === 'void' ? 'System.Threading.Tasks.Task' : `System.Threading.Tasks.Task\`1[${(result as ClrType).fullName}]`
  const printed = [...params.map(printParameter), 'System.Threading.CancellationToken'].join(', ')
  return {
    name: node.name,
    signature: signatureOf(node),
    dotnetSignature: `${task} ${node.name}Async(${printed})`,
    params,
    result,
    returnsNothing: node.result === 'void',
    idempotent: node.idempotent ?? false,
    cacheSeconds: node.cacheSeconds,
    marked,
    complete: completion(node, contract),
    takesStreams: node.params.some(param => holdsStreams(param.type, contract, new Set())),
    returnsStreams: holdsStreams(node.result, contract, new Set()),
    node,
  }
}

function completion(node: MethodNode, contract: Contract): CompiledMethod['complete'] {
  const count = node.params.length
  const defaultOf = defaultsOf(contract)
  const defaults = node.params.some(param => param.default !== undefined) ? node.params.map(defaultOf) : undefined
  return args => {
    if (!takesCount(node, args.length)) {
      throw new HalibutError('invalid_argument', `${signatureOf(node)} takes ${count} arguments, not ${args.length}`)
    }
    if (!defaults || (args.length === count && !args.includes(undefined))) return args
    return defaults.map((fallback, i) => (args[i] === undefined && fallback ? fallback() : args[i]))
  }
}

/** No result: null on the wire, whatever the handler gave; whatever comes is nothing. */
const noResult: ValueCodec = {
  encode(writer, name) {
    writer.null(name)
  },
  accepts: () => false,
  fromArgument: () => null,
  fromResult: () => null,
}

/** .NET leaves the namespace of its primitive types out. */
const primitives = /^System\.(Boolean|Char|S?Byte|U?Int(?:16|32|64)|Single|Double)((?:\[,*\])*)$/

function printParameter(type: ClrType): string {
  return primitives.test(type.fullName) ? type.fullName.slice('System.'.length) : type.fullName
}

function holdsStreams(node: TypeNode, contract: Contract, seen: Set<string>): boolean {
  if (typeof node !== 'string') {
    return Object.values(node)
      .flat()
      .some(child => (typeof child === 'string' || typeof child === 'object') && holdsStreams(child as TypeNode, contract, seen))
  }
  if (node === 'dataStream' || node === 'object') return true
  const definition = contract.types && Object.hasOwn(contract.types, node) ? contract.types[node] : undefined
  if (!definition || 'enum' in definition || seen.has(node)) return false
  seen.add(node)
  return (
    definition.members.some(member => holdsStreams(member.type, contract, seen)) ||
    (definition.derived ?? []).some(name => holdsStreams(name, contract, seen))
  )
}

/** Type names to types. */
interface NameTable {
  add(type: ClrType): void
  /** Another name of a contract’s type, both with their assemblies. */
  addAlias(alias: string, name: string): void
  /** Forgets all of them. */
  clear(): void
  find(text: string): ClrType | undefined
  fail(text: string): never
}

function nameTable(): NameTable {
  const byKey = new Map<string, ClrType>()
  const byText = new Map<string, ClrType>()
  const assemblies = new Set<string>()
  const aliases = new Map<string, TypeName>()
  const typeOf = (name: TypeName): ClrType | undefined => {
    const type = byKey.get(typeKey(name))
    return type && namesSameType(name, type.name) ? type : undefined
  }
  /** The same with first names in the place of further ones, also in its arguments. */
  const withFirstNames = (type: TypeName): TypeName => {
    const first = aliases.get(`${type.name}, ${type.assembly}`) ?? type
    return { ...type, name: first.name, assembly: first.assembly, args: type.args.map(withFirstNames) }
  }
  return {
    add(type) {
      byKey.set(type.key, type)
      byText.clear()
      if (type.name.assembly !== undefined) assemblies.add(type.name.assembly)
    },
    addAlias(alias, name) {
      const { name: other, assembly } = contractType(alias)
      aliases.set(`${other}, ${assembly}`, contractType(name))
      byText.clear()
      if (assembly !== undefined) assemblies.add(assembly)
    },
    clear() {
      for (const each of [byKey, byText, assemblies, aliases]) each.clear()
    },
    find(text) {
      const remembered = byText.get(text)
      if (remembered) return remembered
      const parsed = parseTypeName(text)
      const type = parsed && (typeOf(parsed) ?? (aliases.size > 0 ? typeOf(withFirstNames(parsed)) : undefined))
      if (type === undefined) return undefined
      if (byText.size >= maxRememberedTexts) byText.clear()
      byText.set(text, type)
      return type
    },
    fail(text) {
      const parsed = parseTypeName(text)
      throw unresolvedType(text, parsed !== undefined && looksResolvable(parsed, assembly => assemblies.has(assembly)))
    },
  }
}
