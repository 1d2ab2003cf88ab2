import { type Contract, checkTypeNode } from '@halibut-gateway/schemas/contract'
import { type ContractJson, contractJson } from '@halibut-gateway/schemas/wire'
import { HalibutError } from '../base/errors.ts'

/** The contracts the gateway knows, by service name. */
export class ContractDirectory {
  readonly #contracts = new Map<string, ContractJson>()
  /** By further names too. */
  readonly #byName = new Map<string, ContractJson>()

  /** The same document twice is fine; another one for the same service throws `invalid_argument`. The contract must have been checked. */
  add(contract: Contract): void {
    const names = [contract.service, ...(contract.aliases ?? [])]
    const taken = names.find(name => this.#byName.has(name))
    if (taken === undefined) {
      const json = contractJson(contract, node => checkTypeNode(node, contract.types ?? {}).length === 0)
      this.#contracts.set(contract.service, json)
      for (const name of names) this.#byName.set(name, json)
    } else if (JSON.stringify(this.#byName.get(taken)?.contract) !== JSON.stringify(contract)) {
      throw new HalibutError('invalid_argument', `there is another contract for the service ${taken} already`)
    }
  }

  /** By the service’s name, or a further one. */
  get(service: string): ContractJson | undefined {
    return this.#byName.get(service)
  }

  list(): Contract[] {
    return [...this.#contracts.values()].map(each => each.contract)
  }
}
