import { type Rule, type RulesDocument, RulesDocumentSchema } from '@halibut-gateway/schemas'
import { isRole } from '@halibut-gateway/schemas/wire'
import { Value } from '@sinclair/typebox/value'
import { HalibutError } from '../base/errors.ts'
import { GrantIndex, type Target } from './grant-index.ts'
import { createPattern } from './pattern.ts'
import type { Principal } from './principal.ts'

const rolePrefix = 'role:'

/** Everybody may do with every agent what their role allows: how a gateway begins, until somebody writes other rules. */
export const openRules: RulesDocument = {
  rules: [{ name: 'everybody', who: ['*'], agents: ['*'], reason: 'until other rules are written, a role is all that counts' }],
}

/** Nothing is allowed but to admins. */
export const noRules: RulesDocument = { rules: [] }

/** The rules of one principal, in an index. */
interface OwnRules {
  readonly rules: readonly Rule[]
  readonly index: GrantIndex
}

/** A rules document, ready to be asked. It never changes. */
export class RuleSet {
  readonly document: RulesDocument
  readonly #whoMatches: readonly ((principal: Principal) => boolean)[]
  readonly #own = new WeakMap<Principal, OwnRules>()
  /** By the places of the rules: those whose rules are the same share them. */
  readonly #shared = new Map<string, OwnRules>()

  /** Throws `invalid_argument` with place and reason. */
  constructor(document: unknown) {
    const error = Value.Errors(RulesDocumentSchema, document).First()
    if (error) throw invalidRules(error.path.slice(1) || 'the rules', error.message)
    this.document = document as RulesDocument
    checkNames(this.document.rules)
    this.#whoMatches = this.document.rules.map(({ who }, i) => whoMatches(who, `rules/${i}/who`))
  }

  /** The first rule that lets a principal reach a target, in the order of the document. */
  ruleFor(principal: Principal, target: Target): Rule | undefined {
    const { rules, index } = this.#rulesOf(principal)
    const place = index.find(target)
    return place === undefined ? undefined : rules[place]
  }

  /** Whether a rule lets a principal see every agent, whatever it is called. */
  seesAll(principal: Principal): boolean {
    return this.#rulesOf(principal).rules.some(({ agents }) => agents.includes('*'))
  }

  #rulesOf(principal: Principal): OwnRules {
    let own = this.#own.get(principal)
    if (own) return own
    const places = [...this.#whoMatches.keys()].filter(place => this.#whoMatches[place]?.(principal))
    const key = places.join()
    own = this.#shared.get(key)
    if (!own) {
      const rules = places.flatMap(place => this.document.rules[place] ?? [])
      own = { rules, index: new GrantIndex(rules) }
      this.#shared.set(key, own)
    }
    this.#own.set(principal, own)
    return own
  }
}

function checkNames(rules: readonly Rule[]): void {
  const places = new Map<string, number>()
  for (const [i, { name }] of rules.entries()) {
    const before = places.get(name)
    if (before !== undefined) throw invalidRules(`rules/${i}/name`, `rules/${before} has the name ${JSON.stringify(name)} already`)
    places.set(name, i)
  }
}

function whoMatches(who: readonly string[], place: string): (principal: Principal) => boolean {
  const theirRoles = new Set<string>()
  const names = who.flatMap((text, i) => {
    if (!text.startsWith(rolePrefix)) return createPattern(text)
    const role = text.slice(rolePrefix.length)
    if (!isRole(role)) throw invalidRules(`${place}/${i}`, `${JSON.stringify(role)} is no role`)
    theirRoles.add(role)
    return []
  })
  return ({ name, role }) => theirRoles.has(role) || names.some(pattern => pattern.matches(name))
}

/** The error of rules that are not acceptable, with the place and the reason. */
export function invalidRules(place: string, reason: string): HalibutError {
  return new HalibutError('invalid_argument', `the rules are not acceptable: ${place}: ${reason}`)
}
