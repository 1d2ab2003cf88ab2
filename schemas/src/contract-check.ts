import { DefinitionCheck, withoutReferenceNullables } from './contract-definition-check.ts'
import { contractLimits, Findings, type Json } from './contract-findings.ts'
import { MarksCheck, markNames } from './contract-marks-check.ts'
import { checkMissingValues } from './contract-missing-values.ts'
import { TypeCheck } from './contract-type-check.ts'
import { type Contract, type ContractIssue, type MethodNode, signatureOf, type TypeDefinition } from './contract-types.ts'
import { warningsOf } from './contract-warnings.ts'

export { contractLimits } from './contract-findings.ts'

/** What {@link checkContract} finds: the contract with its warnings, or what is wrong with it. */
export type ContractCheck =
  | { readonly ok: true; readonly contract: Contract; readonly warnings: readonly ContractIssue[] }
  | { readonly ok: false; readonly issues: readonly ContractIssue[] }

/** How a contract is checked. */
export interface ContractCheckOptions {
  /** Whether it may have patterns: not where it is added at run time. Default true. */
  readonly patterns?: boolean
}

/**
 * Examines a document that claims to be a contract: its form, its size, and whether its types are possible. Never throws; every issue has
 * its place. Warnings name what a .NET peer cannot take (spec §4.6.4).
 */
export function checkContract(document: unknown, { patterns = true }: ContractCheckOptions = {}): ContractCheck {
  const check = new DocumentCheck(patterns)
  check.contract(document)
  const { issues } = check.findings
  if (issues.length > 0) return { ok: false, issues }
  const contract = document as Contract
  return { ok: true, contract, warnings: warningsOf(contract) }
}

/** Whether a value is a type node that can stand in a contract with these `types`: for types stated at run time. */
export function checkTypeNode(node: unknown, types: Readonly<Record<string, TypeDefinition>>): readonly ContractIssue[] {
  const findings = new Findings()
  new TypeCheck(findings, types).type(node, '', 'item')
  return findings.issues
}

const servicePattern = /^[A-Za-z_][A-Za-z0-9_`]*$/
const namePattern = /^[A-Za-z_][A-Za-z0-9_]*$/

/** The check of one document. */
class DocumentCheck {
  readonly findings = new Findings()
  readonly #patterns: boolean
  #types: Json = {}
  #typeCheck = new TypeCheck(this.findings, this.#types)
  #marks: MarksCheck

  constructor(patterns: boolean) {
    this.#patterns = patterns
    this.#marks = new MarksCheck(this.findings, this.#types, patterns)
  }

  contract(document: unknown): void {
    const root = this.findings.object(document, '', ['contract', 'service', 'aliases', 'types', 'methods', 'description'])
    if (!root) return
    if (root['contract'] !== 1) this.findings.issue('/contract', 'must be 1, the version of this form')
    this.findings.name(root['service'], '/service', servicePattern)
    this.#aliases(root['aliases'], root['service'])
    this.findings.text(root['description'], '/description')
    if (root['types'] !== undefined) {
      const types = this.findings.object(root['types'], '/types')
      if (types) {
        this.#types = types
        this.#typeCheck = new TypeCheck(this.findings, types)
        this.#marks = new MarksCheck(this.findings, types, this.#patterns)
        new DefinitionCheck(this.findings, types, this.#typeCheck, this.#marks).all()
      }
    }
    const methods = this.findings.array(root['methods'], '/methods', contractLimits.methods)
    methods?.forEach((method, i) => {
      this.#method(method, `/methods/${i}`)
    })
    if (this.findings.issues.length > 0) return
    this.#signatures(methods as readonly MethodNode[])
    checkMissingValues(document as Contract, this.findings)
    // What would be read of defaults for ever is found before any is read.
    if (this.findings.issues.length === 0) this.#marks.defaults(document as Contract)
  }

  #aliases(value: unknown, service: unknown): void {
    if (value === undefined) return
    const seen = new Set([String(service).toLowerCase()])
    this.findings.array(value, '/aliases', contractLimits.aliases)?.forEach((alias, i) => {
      this.findings.name(alias, `/aliases/${i}`, servicePattern)
      if (seen.has(String(alias).toLowerCase())) this.findings.issue(`/aliases/${i}`, 'is a name of the service already')
      seen.add(String(alias).toLowerCase())
    })
  }

  #method(value: unknown, place: string): void {
    const method = this.findings.object(value, place, [
      'name',
      'params',
      'result',
      'idempotent',
      'cacheSeconds',
      'cancel',
      'description',
      'deprecated',
    ])
    if (!method) return
    this.findings.name(method['name'], `${place}/name`, namePattern)
    this.findings.flag(method['idempotent'], `${place}/idempotent`)
    this.findings.flag(method['deprecated'], `${place}/deprecated`)
    this.findings.text(method['description'], `${place}/description`)
    const { cancel } = method
    if (cancel !== undefined && cancel !== 'kill' && cancel !== 'skip') this.findings.issue(`${place}/cancel`, "must be 'kill' or 'skip'")
    const seconds = method['cacheSeconds']
    if (seconds !== undefined && !(Number.isSafeInteger(seconds) && (seconds as number) > 0 && (seconds as number) <= 31_536_000)) {
      this.findings.issue(`${place}/cacheSeconds`, 'must be a whole number of seconds from 1 to 31536000')
    }
    const seen = new Set<unknown>()
    let hasDefault = false
    this.findings.array(method['params'], `${place}/params`, contractLimits.parameters)?.forEach((it, i) => {
      const at = `${place}/params/${i}`
      const param = this.findings.object(it, at, ['name', 'type', ...markNames])
      if (!param) return
      this.findings.name(param['name'], `${at}/name`, namePattern)
      if (seen.has(param['name'])) this.findings.issue(`${at}/name`, `there is another parameter '${String(param['name'])}'`)
      seen.add(param['name'])
      this.#typeCheck.type(param['type'], `${at}/type`, 'parameter')
      this.#marks.check(param, at)
      if (hasDefault && param['default'] === undefined) {
        this.findings.issue(`${at}/default`, 'must be there: a parameter before this one has a default')
      }
      hasDefault ||= param['default'] !== undefined
    })
    this.#typeCheck.type(method['result'], `${place}/result`, 'result')
  }

  #signatures(methods: readonly MethodNode[]): void {
    const seen = new Map<string, number>()
    methods.forEach((method, i) => {
      // .NET has no nullable references, and finds methods in any letter case.
      const signature = signatureOf({
        ...method,
        name: method.name.toLowerCase(),
        params: method.params.map(p => ({ ...p, type: withoutReferenceNullables(p.type, this.#types) })),
      })
      const other = seen.get(signature)
      if (other !== undefined)
        this.findings.issue(`/methods/${i}`, `has the same name and parameter types as /methods/${other}: ${signatureOf(method)}`)
      else seen.set(signature, i)
    })
  }
}
