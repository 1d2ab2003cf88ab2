import { checkContract } from '@halibut-gateway/schemas'
import { type Contract, checkTypeNode } from '@halibut-gateway/schemas/contract'
import { type ContractJson, contractJson } from '@halibut-gateway/schemas/wire'
import { HalibutError } from '../base/errors.ts'
import { gatewayLimits } from '../base/limits.ts'
import { OneAtATime } from '../base/one-at-a-time.ts'
import { steadyTime } from '../base/steady-time.ts'
import type { Change, Draft, Store } from '../store/store.ts'
import { versionOf } from './version-of.ts'

/** A contract as the directory knows it. */
export interface KnownContract {
  readonly json: ContractJson
  /** The id of the one agent that it is for; `undefined`: all. */
  readonly agent: string | undefined
  /** Another one for each document. */
  readonly version: string
  /** When it was added, in UTC milliseconds since 1970; `undefined`: it stands in the settings, and stays while the gateway runs. */
  readonly addedMs: number | undefined
}

/** What the contracts of a gateway are kept with. */
export interface ContractDirectoryOptions {
  /** Default: none; contracts are forgotten with the process. */
  readonly store?: Pick<Store, 'contracts' | 'change'>
  /** Hears of each contract that nobody gets from here any more. */
  readonly onForgotten?: (contract: Contract) => void
  /** Hears of a stored contract that is not acceptable any more, and is not served. */
  readonly onUnfit?: (id: string, why: string) => void
}

/** Where a contract is looked for: a service, and the agent that is called. */
export interface ContractPlace {
  readonly service: string
  /** Default: all agents. */
  readonly agent?: string | undefined
}

/**
 * The contracts that the gateway knows: those of its settings, and those that were added while it runs, each for all agents or for one of them.
 * A service has one contract in each of these places, also by its further names; that of an agent goes before that for all.
 */
export class ContractDirectory {
  /** By further names too. */
  readonly #forAll = new Map<string, KnownContract>()
  readonly #ofAgents = new Map<string, Map<string, KnownContract>>()
  readonly #options: ContractDirectoryOptions
  readonly #listeners = new Set<(change: KnownContract) => void>()
  /** Those that were added while the gateway ran. */
  #added = 0
  readonly #changes = new OneAtATime()

  constructor(options: ContractDirectoryOptions = {}) {
    this.#options = options
  }

  /**
   * Knows a contract of the settings, which is for all agents. The same document twice is fine; another one for the same service throws `conflict`.
   * The contract must have been checked.
   */
  add(contract: Contract): void {
    const taken = takenName(this.#forAll, contract)
    if (taken === undefined) this.#put(known(contract, undefined, undefined))
    else if (!isSame(this.#forAll.get(taken), contract)) throw conflict(taken, undefined)
  }

  /** Takes over what the store has, once those of the settings are known. Throws `conflict` where one of these has the place of a stored one. */
  start(): void {
    for (const { id, contract, agent, addedMs } of this.#options.store?.contracts.all() ?? []) {
      const check = checkAdded(contract)
      if (!check.ok) {
        this.#options.onUnfit?.(id, check.why)
        continue
      }
      const taken = takenName(this.#names(agent), contract)
      if (taken === undefined) this.#put(known(contract, agent, addedMs))
      else if (!isSame(this.#names(agent).get(taken), contract)) {
        throw conflict(taken, agent, {
          advice: `take it out of the settings, start the gateway, and remove the stored one: halibut-gateway contracts remove ${contract.service}`,
        })
      }
    }
  }

  /** By the service’s name, or a further one: the contract of an agent, else that for all. */
  get(service: string, agent?: string): ContractJson | undefined {
    return this.find({ service, agent })?.json
  }

  /** What {@link get} gives, with where it is from. */
  find({ service, agent }: ContractPlace): KnownContract | undefined {
    const own = agent === undefined || this.#ofAgents.size === 0 ? undefined : this.#ofAgents.get(agent)?.get(service)
    return own ?? this.#forAll.get(service)
  }

  /** The one in this very place, by its first name. */
  at({ service, agent }: ContractPlace): KnownContract | undefined {
    const found = this.#names(agent).get(service)
    return found?.json.contract.service === service ? found : undefined
  }

  /** Each once: first those for all agents, then those of one. */
  entries(): KnownContract[] {
    return [this.#forAll, ...this.#ofAgents.values()].flatMap(firsts)
  }

  /** The contracts themselves. */
  list(): Contract[] {
    return this.entries().map(({ json }) => json.contract)
  }

  /** The services that an agent has contracts of its own for. */
  servicesOf(agent: string): string[] {
    return firsts(this.#ofAgents.get(agent) ?? new Map<string, KnownContract>()).map(({ json }) => json.contract.service)
  }

  /**
   * Knows a contract from now on, and keeps it, within `change` (default: one by itself). Where there is the same one already nothing changes. Rejects with `invalid_contract`; with
   * `conflict` where its service, or one of its further names, has another one in this place; with `too_many_calls`; or where it cannot be kept. Then it is not
   * known.
   */
  keep(document: unknown, agent?: string, change?: Change): Promise<KnownContract> {
    return this.#changes.run(async () => {
      const contract = acceptable(document)
      const names = this.#names(agent)
      const taken = takenName(names, contract)
      const before = taken === undefined ? undefined : names.get(taken)
      if (before && isSame(before, contract)) return before
      if (taken !== undefined) throw conflict(taken, agent)
      if (this.#added >= gatewayLimits.addedContracts)
        throw new HalibutError('too_many_calls', `${this.#added} contracts were added while the gateway ran; there may be no more`, {
          advice: 'remove one that nobody needs, or put contracts into the settings',
        })
      return this.#kept(known(contract, agent, steadyTime()), undefined, change)
    })
  }

  /**
   * Puts another document in the place of one that was added; calls that run go on with theirs. Rejects with `not_found`, with `version_conflict`
   * where it is not in the `version` that is told (default: whichever there is), and as {@link keep} does.
   */
  replace(document: unknown, place: ContractPlace, version?: string, change?: Change): Promise<KnownContract> {
    return this.#changes.run(async () => {
      const contract = acceptable(document)
      const before = this.#editable(place, version)
      const { service } = before.json.contract
      if (contract.service !== service) {
        throw new HalibutError('invalid_contract', `the contract is one of ${contract.service}, not of ${service}`, {
          advice: 'add it by itself, and remove the other one',
        })
      }
      if (isSame(before, contract)) return before
      const taken = takenName(this.#names(place.agent), contract, before)
      if (taken !== undefined) throw conflict(taken, place.agent)
      return this.#kept(known(contract, place.agent, before.addedMs), before, change)
    })
  }

  /** Forgets one that was added; what runs with it goes on. Rejects as {@link replace} does. */
  remove(place: ContractPlace, version?: string, change?: Change): Promise<void> {
    return this.#changes.run(async () => {
      const entry = this.#editable(place, version)
      await this.#keep(draft => draft.contracts.remove(idOf(entry)), change)
      this.#drop(entry)
      this.#tell(entry)
    })
  }

  /** Forgets those of an agent, which is not there any more. */
  removeOf(agent: string): Promise<void> {
    return this.#changes.run(async () => {
      const its = firsts(this.#ofAgents.get(agent) ?? new Map<string, KnownContract>())
      await this.#keep(draft => its.map(entry => draft.contracts.remove(idOf(entry))))
      for (const entry of its) this.#drop(entry)
    })
  }

  /** Calls `listener` with each that is added, replaced or removed; gives a function that ends this. */
  onChange(listener: (change: KnownContract) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  async #keep(act: (draft: Draft) => unknown, change?: Change): Promise<void> {
    await (change ? change(act) : this.#options.store?.change(act))
  }

  async #kept(entry: KnownContract, before: KnownContract | undefined, change: Change | undefined): Promise<KnownContract> {
    const { agent, addedMs = 0, json } = entry
    const record = { id: idOf(entry), contract: json.contract, ...(agent !== undefined && { agent }), addedMs }
    await this.#keep(draft => draft.contracts.put(record), change)
    if (before) this.#drop(before)
    this.#put(entry)
    this.#tell(entry)
    return entry
  }

  #editable(place: ContractPlace, version: string | undefined): KnownContract {
    const entry = this.at(place)
    const what = described(place.service, place.agent)
    if (!entry) throw new HalibutError('not_found', `there is no contract for ${what}`, { advice: 'ask contracts.list' })
    if (entry.addedMs === undefined) {
      throw new HalibutError(
        'invalid_argument',
        `the contract for ${what} stands in the settings, and cannot be changed while the gateway runs`,
        {
          advice: 'change its file, and start the gateway again',
        },
      )
    }
    if (version === undefined || version === entry.version) return entry
    throw new HalibutError('version_conflict', `the contract for ${what} is in version ${entry.version}, not in ${version}`)
  }

  #names(agent: string | undefined): Map<string, KnownContract> {
    return agent === undefined ? this.#forAll : (this.#ofAgents.get(agent) ?? new Map<string, KnownContract>())
  }

  #put(entry: KnownContract): void {
    const { agent, addedMs } = entry
    const names = this.#names(agent)
    if (agent !== undefined) this.#ofAgents.set(agent, names)
    for (const name of namesOf(entry.json.contract)) names.set(name, entry)
    if (addedMs !== undefined) this.#added++
  }

  #drop(entry: KnownContract): void {
    const { agent, json } = entry
    const names = this.#names(agent)
    for (const name of namesOf(json.contract)) names.delete(name)
    if (agent !== undefined && names.size === 0) this.#ofAgents.delete(agent)
    this.#added--
    this.#options.onForgotten?.(json.contract)
  }

  #tell(change: KnownContract): void {
    for (const listener of this.#listeners) listener(change)
  }
}

/** Whether a document may be a contract that is added while the gateway runs: no patterns, which take a person who has tried them. */
export function checkAdded(
  document: unknown,
): { readonly ok: true; readonly contract: Contract } | { readonly ok: false; readonly why: string } {
  const check = checkContract(document, { patterns: false })
  if (check.ok) return { ok: true, contract: check.contract }
  const shown = check.issues.slice(0, shownIssues).map(({ place, message }) => `${place || 'the document'}: ${message}`)
  const more = check.issues.length - shown.length
  return { ok: false, why: `${shown.join('; ')}${more > 0 ? `; and ${more} more` : ''}` }
}

const shownIssues = 10

/** A copy that nobody else changes. Throws `invalid_contract` with the places and the reasons. */
function acceptable(document: unknown): Contract {
  const check = checkAdded(document)
  if (check.ok) return structuredClone(check.contract)
  throw new HalibutError('invalid_contract', `the contract is not acceptable: ${check.why}`)
}

function known(contract: Contract, agent: string | undefined, addedMs: number | undefined): KnownContract {
  const json = contractJson(contract, node => checkTypeNode(node, contract.types ?? {}).length === 0)
  return { json, agent, version: versionOf(contract), addedMs }
}

/** Neither an agent’s id nor a service’s name has a slash in it. */
function idOf({ agent, json }: KnownContract): string {
  const { service } = json.contract
  return agent === undefined ? service : `${agent}/${service}`
}

function namesOf({ service, aliases = [] }: Contract): string[] {
  return [service, ...aliases]
}

/** Each contract of a place once. */
function firsts(names: ReadonlyMap<string, KnownContract>): KnownContract[] {
  return [...names].filter(([name, { json }]) => json.contract.service === name).map(([, entry]) => entry)
}

/** A name of a contract that another one has in its place; `but`: not this one. */
function takenName(names: ReadonlyMap<string, KnownContract>, contract: Contract, but?: KnownContract): string | undefined {
  return namesOf(contract).find(name => names.has(name) && names.get(name) !== but)
}

function isSame(entry: KnownContract | undefined, contract: Contract): boolean {
  return JSON.stringify(entry?.json.contract) === JSON.stringify(contract)
}

function conflict(name: string, agent: string | undefined, { advice }: { readonly advice?: string } = {}): HalibutError {
  return new HalibutError('conflict', `there is another contract for ${described(name, agent)} already`, { advice })
}

function described(service: string, agent: string | undefined): string {
  return agent === undefined ? `the service ${service}` : `the service ${service} of the agent ${agent}`
}
