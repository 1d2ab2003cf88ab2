import type { Access } from '../access/access.ts'
import type { Principal } from '../access/principal.ts'
import type { Agent } from '../fleet/agent-directory.ts'

/** Which agents one principal sees, by the rules as they are at each moment. */
export class AgentSight {
  readonly #access: Access
  readonly #principal: Principal

  constructor(access: Access, principal: Principal) {
    this.#access = access
    this.#principal = principal
  }

  /** It sees every agent that there is or will be, as long as the rules stay as they are. */
  get isWhole(): boolean {
    return this.#access.seesAll(this.#principal)
  }

  sees({ definition: { id, tags } }: Agent): boolean {
    return this.#access.decide(this.#principal, 'agents.read', { agent: { id, tags } }).allowed
  }

  /** Calls `listener` after each change of the rules; gives a function that ends this. */
  onChange(listener: () => void): () => void {
    return this.#access.onChange(listener)
  }
}
