import type { Contract } from '@halibut-gateway/schemas/contract'
import { type ContractJson, contractJson } from '@halibut-gateway/schemas/wire'
import { signal } from '@preact/signals'
import { isTypeNode } from '../values/type-nodes.ts'
import type { Session } from './session.ts'

/** The contracts of services, asked for when somebody wants to see one. */
export interface Contracts {
  /** The contract of a service as calls of an agent use it; `undefined` until it has come, `missing` where the gateway knows none. */
  of(service: string, agent: string): ContractJson | undefined | 'missing'
  /** Asks again for those that are known of an agent: one may have been put in the place of another. */
  refresh(agent: string): void
  /** The services of which the gateway knows the contract; asks for them at the first look, `undefined` until they have come. */
  services(): readonly string[] | undefined
  /** Asks for these again: somebody may have added contracts, here or in a terminal. */
  relist(): void
}

/** The contracts that who is signed in may see. */
export function createContracts(session: Session): Contracts {
  const known = signal<ReadonlyMap<string, ContractJson | 'missing'>>(new Map())
  const listed = signal<readonly string[] | undefined>(undefined)
  const asked = new Set<string>()
  /** Those that may have changed since they were asked for. */
  const stale = new Set<string>()
  let isListing = false
  session.client.subscribe(() => {
    asked.clear()
    stale.clear()
    isListing = false
    known.value = new Map()
    listed.value = undefined
  })

  async function load(service: string, agent: string): Promise<void> {
    const client = session.client.peek()
    const name = keyOf(service, agent)
    if (!client || asked.has(name)) return
    asked.add(name)
    const found = await client.request('contracts.get', { service, agent }).catch(() => undefined)
    if (client !== session.client.peek()) return
    asked.delete(name)
    if (stale.delete(name)) return load(service, agent)
    const before = known.peek().get(name)
    const contract = found?.contract as unknown as Contract | undefined
    // What is the same stays the same object, and with it what is made of it.
    if (contract && typeof before === 'object' && JSON.stringify(before.contract) === JSON.stringify(contract)) return
    if (!contract && client.state.at !== 'connected') return
    const json = contract && contractJson(contract, node => isTypeNode(contract, node))
    const names = [service, ...(contract ? [contract.service, ...(contract.aliases ?? [])] : [])]
    known.value = new Map([...known.peek(), ...names.map(each => [keyOf(each, agent), json ?? 'missing'] as const)])
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
    of: (service, agent) => {
      const found = known.value.get(keyOf(service, agent))
      if (found === undefined) void load(service, agent)
      return found
    },
    refresh: agent => {
      for (const key of known.peek().keys()) {
        const [its, service = ''] = key.split('\n')
        if (its !== agent) continue
        if (asked.has(key)) stale.add(key)
        else void load(service, agent)
      }
    },
    services: () => {
      if (listed.value === undefined) void list()
      return listed.value
    },
    relist: () => void list(),
  }
}

function keyOf(service: string, agent: string): string {
  return `${agent}\n${service}`
}
