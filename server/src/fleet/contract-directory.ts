import type { Contract } from '@halibut-gateway/schemas/contract'
import { type ContractJson, contractJson } from '@halibut-gateway/schemas/wire'
import { HalibutError } from '../base/errors.ts'

/** The contracts the gateway knows, by service name. */
export class ContractDirectory {
  readonly #contracts = new Map<string, ContractJson>()

  /** The same document twice is fine; another one for the same service throws `invalid_argument`. The contract must have been checked. */
  add(contract: Contract): void {
    const known = this.#contracts.get(contract.service)
    if (!known) this.#contracts.set(contract.service, contractJson(contract))
    else if (JSON.stringify(known.contract) !== JSON.stringify(contract)) {
      throw new HalibutError('invalid_argument', `there is another contract for the service ${contract.service} already`)
    }
  }

  get(service: string): ContractJson | undefined {
    return this.#contracts.get(service)
  }

  list(): Contract[] {
    return [...this.#contracts.values()].map(each => each.contract)
  }
}
