import type { Contract } from '@halibut-gateway/schemas/contract'
import { type ContractJson, contractJson } from '@halibut-gateway/schemas/wire'
import { signal } from '@preact/signals'
import type { Session } from './session.ts'

/** The contracts of services, asked for when somebody wants to see one. */
export interface Contracts {
  /** The contract of a service; `undefined` until it has come, `missing` where the gateway knows none. */
  of(service: string): ContractJson | undefined | 'missing'
  /** The services of which the gateway knows the contract; asks for them at the first look. */
  services(): readonly string[]
}

/** The contracts that who is signed in may see. */
export function createContracts(session: Session): Contracts {
  const known = signal<ReadonlyMap<string, ContractJson | 'missing'>>(new Map())
  const listed = signal<readonly string[] | undefined>(undefined)
  const asked = new Set<string>()
  let isListing = false
  session.client.subscribe(() => {
    asked.clear()
    isListing = false
    known.value = new Map()
    listed.value = undefined
  })

  async function load(service: string): Promise<void> {
    const client = session.client.peek()
    if (!client || asked.has(service)) return
    asked.add(service)
    const contract: Contract | undefined = await client.contract(service).catch(() => undefined)
    if (client !== session.client.peek()) return
    const json = contract && contractJson(contract)
    const names = [service, ...(contract ? [contract.service, ...(contract.aliases ?? [])] : [])]
    known.value = new Map([...known.value, ...names.map(name => [name, json ?? 'missing'] as const)])
    // It may have been the connection.
    if (!json) asked.delete(service)
  }

  async function list(): Promise<void> {
    const client = session.client.peek()
    if (!client || isListing) return
    isListing = true
    const found = await client.request('contracts.list', {}).catch(() => undefined)
    isListing = false
    if (found && client === session.client.peek()) listed.value = found.contracts.map(({ service }) => service)
  }

  return {
    of: service => {
      const found = known.value.get(service)
      if (found === undefined) void load(service)
      return found
    },
    services: () => {
      if (listed.value === undefined) void list()
      return listed.value ?? []
    },
  }
}
