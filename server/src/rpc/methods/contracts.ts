import { type ContractEntry, checkContract, type MethodResult } from '@halibut-gateway/schemas'
import { signatureOf } from '@halibut-gateway/schemas/contract'
import type { Access } from '../../access/access.ts'
import type { Principal } from '../../access/principal.ts'
import { HalibutError } from '../../base/errors.ts'
import { gatewayLimits } from '../../base/limits.ts'
import type { AgentDirectory } from '../../fleet/agent-directory.ts'
import type { ContractDirectory, ContractPlace, KnownContract } from '../../fleet/contract-directory.ts'
import { isLongJson } from '../json-pieces.ts'
import { pageOf } from '../pages.ts'
import { agentTarget } from '../rule-target.ts'
import type { Handlers } from '../run.ts'
import { versionIn } from '../version-in.ts'

type ContractMethods = Extract<keyof Handlers, `contracts.${string}`>

/** What the methods about contracts work with. */
export interface ContractsOptions {
  readonly access: Access
  readonly contracts: ContractDirectory
  readonly directory: AgentDirectory
}

/** The contracts that a principal may see, of one agent those that calls of it use. */
export function shownContracts(options: ContractsOptions, principal: Principal, agent?: string): KnownContract[] {
  return usedBy(options.contracts, agent).filter(entry => maySee(options, principal, entry))
}

function maySee({ access, directory }: ContractsOptions, principal: Principal, { agent, json }: KnownContract): boolean {
  const { service } = json.contract
  const target = agent === undefined ? { service } : { service, agent: agentTarget(directory, agent) }
  return access.decide(principal, 'contracts.read', target).allowed
}

/** The methods about contracts. */
export function contractsMethods(options: ContractsOptions): Pick<Handlers, ContractMethods> {
  const { contracts, directory } = options
  const seen = (principal: Principal, place: ContractPlace): KnownContract => {
    // Who may not see it is told the same as where there is none.
    const found = candidates(contracts, place).find(each => maySee(options, principal, each))
    if (found) return found
    throw new HalibutError('service_not_found', `the gateway knows no contract for the service ${place.service}`, {
      advice: 'ask contracts.list',
    })
  }
  const kept = (document: unknown, entry: KnownContract): MethodResult<'contracts.add'> => {
    const { service } = entry.json.contract
    const check = checkContract(document)
    return { service, entry: entryOf(entry), warnings: check.ok ? check.warnings.map(({ place, message }) => ({ place, message })) : [] }
  }
  return {
    'contracts.list': ({ agent, ...page }, { principal }) => {
      const shown = new Map(
        shownContracts(options, principal, agent).map(entry => [`${entry.agent ?? ''}/${entry.json.contract.service}`, entry]),
      )
      const { page: told, next } = pageOf(shown, page)
      return { contracts: told.map(entryOf), ...next }
    },
    'contracts.get': (place, { principal }) => {
      const entry = seen(principal, place)
      return { contract: { ...entry.json.contract }, entry: entryOf(entry) }
    },
    'contracts.add': async ({ contract, agent }, { change }) => {
      refuseLong(contract)
      if (agent !== undefined) directory.require(agent)
      return kept(contract, await contracts.keep(contract, agent, change))
    },
    'contracts.update': async ({ contract, version, ...place }, { change }) => {
      refuseLong(contract)
      return kept(contract, await contracts.replace(contract, place, versionIn(version), change))
    },
    'contracts.remove': async ({ version, ...place }, { change }) => {
      await contracts.remove(place, versionIn(version), change)
      return {}
    },
  }
}

/** All, or those that calls of one agent use. */
function usedBy(contracts: ContractDirectory, agent: string | undefined): KnownContract[] {
  const all = contracts.entries()
  if (agent === undefined) return all
  return all.filter(entry => contracts.find({ service: entry.json.contract.service, agent }) === entry)
}

/** What may be meant: where only agents have contracts of their own for a service, any of those. */
function candidates(contracts: ContractDirectory, place: ContractPlace): readonly KnownContract[] {
  const found = contracts.find(place)
  if (found) return [found]
  return place.agent === undefined ? contracts.entries().filter(({ json }) => json.contract.service === place.service) : []
}

/** A contract as it is told. */
export function entryOf({ json, agent, version, addedMs }: KnownContract): ContractEntry {
  const { service, methods } = json.contract
  return {
    service,
    ...(agent !== undefined && { agent }),
    methods: methods.map(signatureOf),
    version,
    readOnly: addedMs === undefined,
    ...(addedMs !== undefined && { added: new Date(addedMs).toISOString() }),
  }
}

/** Before it is looked at: what is kept of each is bounded. */
function refuseLong(document: unknown): void {
  const { contractChars } = gatewayLimits
  if (isLongJson(document, contractChars))
    throw new HalibutError('message_too_large', `the contract is longer than ${contractChars} characters of JSON`, {
      advice: 'cut it into contracts of one service each, or put it into the settings',
    })
}
