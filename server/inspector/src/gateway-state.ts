import { type ClientState, createClient, type GatewayClient, GatewayError } from '@halibut-gateway/client'
import type { AgentSnapshot } from '@halibut-gateway/schemas'
import type { Contract } from '@halibut-gateway/schemas/contract'
import { type ContractJson, contractJson } from '@halibut-gateway/schemas/wire'
import { batch, signal } from '@preact/signals'
import { takeToken } from './token.ts'

/** Where the connection to the gateway is. */
export const connection = signal<ClientState>({ at: 'idle' })
/** The agents by id; `undefined` until the first snapshot. */
export const agents = signal<ReadonlyMap<string, AgentSnapshot> | undefined>(undefined)
/** The contracts that were asked for, by service name. */
export const contracts = signal<ReadonlyMap<string, ContractJson>>(new Map())
/** Advances each second, for times that are told relative to now. */
export const now = signal(Date.now())
/** Whether the page came with a token at all. */
export const hasToken = signal(true)

let client: GatewayClient | undefined

/** Connects and keeps the state true, until the page is left. */
export function startGatewayState(): void {
  setInterval(() => {
    now.value = Date.now()
  }, 1_000)
  const token = takeToken()
  hasToken.value = token !== undefined
  if (token === undefined) return
  client = createClient({ url: new URL('.', location.href).href, token, client: { name: 'inspector', version: '0.1.0' } })
  client.onState(state => {
    connection.value = state
  })
  void watch(client)
}

/** The client, for calls. Throws where the page has no token. */
export function gateway(): GatewayClient {
  if (!client)
    throw new GatewayError('unauthorized', 'this page has no token', { advice: 'open the address that the gateway printed last' })
  return client
}

/** Tries to connect now. */
export function connectNow(): void {
  if (client) void watch(client)
  client?.connectNow()
}

let watching = false

async function watch(from: GatewayClient): Promise<void> {
  if (watching) return
  watching = true
  try {
    for await (const event of from.watchAgents()) {
      const next = new Map(event.type === 'snapshot' ? undefined : agents.value)
      if (event.type === 'removed') for (const id of event.ids) next.delete(id)
      else for (const agent of event.agents) next.set(agent.id, agent)
      agents.value = next
      void loadContracts(from, next)
    }
  } catch {
    // The connection’s state says why; it is shown there.
  } finally {
    watching = false
  }
}

async function loadContracts(from: GatewayClient, known: ReadonlyMap<string, AgentSnapshot>): Promise<void> {
  const missing = new Set([...known.values()].flatMap(agent => agent.services).filter(service => !contracts.value.has(service)))
  const loaded = await Promise.all([...missing].map(service => from.contract(service).catch(() => undefined)))
  const found = loaded.filter((contract): contract is Contract => contract !== undefined)
  if (found.length === 0) return
  batch(() => {
    const named = found.flatMap(contract => {
      const json = contractJson(contract)
      return [contract.service, ...(contract.aliases ?? [])].map(name => [name, json] as const)
    })
    contracts.value = new Map([...contracts.value, ...named])
  })
}
