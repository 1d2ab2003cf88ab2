import type { Grant } from '@halibut-gateway/schemas'
import { createPattern, type Pattern } from './pattern.ts'
import { Postings } from './postings.ts'

/** What somebody wants to reach. What is left out does not matter: without a service it is about seeing the agent. */
export interface Target {
  readonly agent?: { readonly id: string; readonly tags?: readonly string[] | undefined } | undefined
  readonly service?: string | undefined
  /** Without its signature. */
  readonly method?: string | undefined
}

interface CompiledGrant {
  readonly ids: Matcher
  readonly tags: Matcher
  readonly services: Matcher
  readonly methods: Matcher
}

const tagPrefix = 'tag:'
const all = ['*'] as const

/** Grants, of which it finds the first one that reaches a target without looking at all of them. */
export class GrantIndex {
  readonly #grants: readonly CompiledGrant[]
  readonly #ids = new Postings()
  readonly #tags = new Postings()
  readonly #services = new Postings()
  readonly #methods = new Postings()

  constructor(grants: readonly Grant[]) {
    this.#grants = grants.map(({ agents, services = all, methods = all }, place) => {
      const ids = agents.filter(pattern => !pattern.startsWith(tagPrefix))
      const tags = agents.filter(pattern => pattern.startsWith(tagPrefix)).map(pattern => pattern.slice(tagPrefix.length))
      return {
        ids: new Matcher(ids, this.#ids, place),
        tags: new Matcher(tags, this.#tags, place),
        services: new Matcher(services, this.#services, place),
        methods: new Matcher(methods, this.#methods, place),
      }
    })
  }

  get size(): number {
    return this.#grants.length
  }

  /** The place of the first grant that reaches all that the target names; `undefined` where none does. */
  find(target: Target): number | undefined {
    let first: number | undefined
    for (const places of this.#candidates(target)) {
      for (const place of places) {
        if (first !== undefined && place >= first) break
        if (!this.#reaches(place, target)) continue
        first = place
        break
      }
    }
    return first
  }

  #reaches(place: number, { agent, service, method }: Target): boolean {
    const grant = this.#grants[place]
    if (!grant) return false
    if (agent && !grant.ids.matches(agent.id) && !agent.tags?.some(tag => grant.tags.matches(tag))) return false
    return (service === undefined || grant.services.matches(service)) && (method === undefined || grant.methods.matches(method))
  }

  /** The shortest lists that hold every grant that may reach the target. */
  #candidates({ agent, service, method }: Target): readonly (readonly number[])[] {
    let best: readonly (readonly number[])[] | undefined
    let fewest = Number.POSITIVE_INFINITY
    const consider = (lists: readonly (readonly number[])[]): void => {
      let count = 0
      for (const list of lists) count += list.length
      if (count >= fewest) return
      best = lists
      fewest = count
    }
    if (agent) {
      const lists: (readonly number[])[] = []
      this.#ids.find(agent.id, lists)
      for (const tag of agent.tags ?? []) this.#tags.find(tag, lists)
      consider(lists)
    }
    if (service !== undefined && fewest > few) consider(found(this.#services, service))
    if (method !== undefined && fewest > few) consider(found(this.#methods, method))
    return best ?? [[...this.#grants.keys()]]
  }
}

/** To look for a shorter list than this takes longer than to go through it. */
const few = 16

function found(postings: Postings, text: string): (readonly number[])[] {
  const lists: (readonly number[])[] = []
  postings.find(text, lists)
  return lists
}

/** Several patterns, of which one must match. */
class Matcher {
  readonly #exact = new Set<string>()
  readonly #patterns: Pattern[] = []

  /** Puts them into `postings` as those of a place. */
  constructor(texts: readonly string[], postings: Postings, place: number) {
    for (const text of texts) {
      const pattern = createPattern(text)
      postings.add(pattern, place)
      if (pattern.isExact) this.#exact.add(text)
      else this.#patterns.push(pattern)
    }
  }

  matches(text: string): boolean {
    if (this.#exact.has(text)) return true
    for (const pattern of this.#patterns) if (pattern.matches(text)) return true
    return false
  }
}
