import type { Findings, Json } from './contract-findings.ts'
import { checkPattern } from './contract-pattern.ts'
import { isReference, isTypeNode } from './contract-type-check.ts'
import type { Contract, TypeDefinition, TypeNode } from './contract-types.ts'
import { contractJson } from './wire/contract-json.ts'
import type { ParamError } from './wire/messages.ts'

/** The members of a parameter’s or a member’s node that are marks. */
export const markNames = ['secret', 'description', 'deprecated', 'required', 'default', 'maxLength', 'pattern'] as const

/** Checks the marks of parameters and members; their defaults when all else is known to be right. */
export class MarksCheck {
  readonly #findings: Findings
  readonly #types: Readonly<Record<string, unknown>>
  readonly #patterns: boolean
  readonly #defaults: { readonly node: Json; readonly place: string }[] = []

  /** `patterns`: whether there may be any. */
  constructor(findings: Findings, types: Readonly<Record<string, unknown>>, patterns: boolean) {
    this.#findings = findings
    this.#types = types
    this.#patterns = patterns
  }

  /** The marks of a node at `place`, whose type has been checked. */
  check(node: Json, place: string): void {
    const findings = this.#findings
    findings.flag(node['secret'], `${place}/secret`)
    findings.flag(node['deprecated'], `${place}/deprecated`)
    findings.text(node['description'], `${place}/description`)
    findings.flag(node['required'], `${place}/required`)
    if (node['default'] !== undefined) this.#defaults.push({ node, place: `${place}/default` })
    // Of a type that is none all has been said.
    if (findings.issues.length > 0) return
    const type = node['type'] as TypeNode
    if (node['required'] === true && !isReference(type, this.#types as Record<string, TypeDefinition>)) {
      findings.issue(`${place}/required`, 'is for types that are .NET references; a value type is never null unless it is nullable')
    }
    const plain = typeof type === 'object' && 'nullable' in type ? type.nullable : type
    this.#maxLength(node['maxLength'], plain, `${place}/maxLength`)
    this.#pattern(node['pattern'], plain, `${place}/pattern`)
  }

  #maxLength(value: unknown, type: TypeNode, place: string): void {
    if (value === undefined) return
    if (type !== 'string' && type !== 'bytes') this.#findings.issue(place, 'is for string and bytes')
    if (!Number.isSafeInteger(value) || (value as number) < 0) this.#findings.issue(place, 'must be a whole number')
  }

  #pattern(value: unknown, type: TypeNode, place: string): void {
    if (value === undefined) return
    if (type !== 'string') this.#findings.issue(place, 'is for string')
    if (!this.#patterns) this.#findings.issue(place, 'may not be in a contract that is added at run time')
    else {
      const wrong = typeof value === 'string' ? checkPattern(value) : 'must be a text'
      if (wrong !== undefined) this.#findings.issue(place, wrong)
    }
  }

  /** Whether the defaults that were found are values of their types, as their marks want them. To be asked of a document that is right. */
  defaults(contract: Contract): void {
    const json = contractJson(contract, node => isTypeNode(node, this.#types))
    for (const { node, place } of this.#defaults) {
      const errors: ParamError[] = []
      const { default: value, ...marked } = node
      json.read(marked as never, value, '', errors)
      const [first] = errors
      if (first) this.#findings.issue(`${place}${first.path}`, `must be a value of its type: expected ${first.expected}`)
    }
  }
}
