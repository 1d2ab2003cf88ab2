import type { AgentEndpoint } from '@halibut-gateway/schemas'
import { HalibutError } from '../base/errors.ts'
import type { StateFolder } from './state-folder.ts'

/** An agent as it is kept. */
export interface StoredAgent extends AgentEndpoint {
  readonly id: string
  readonly name?: string
  readonly services?: readonly string[]
  readonly disabled?: boolean
}

/** What must survive a restart. */
export interface Store {
  /** Our certificate and key as one PEM text; `undefined` before the first {@link saveIdentity}. */
  loadIdentity(): Promise<string | undefined>
  saveIdentity(pem: string): Promise<void>
  agents(): readonly StoredAgent[]
  /** Adds an agent, or replaces the one of the same id. Kept when the promise resolves. */
  saveAgent(agent: StoredAgent): Promise<void>
  removeAgent(id: string): Promise<void>
}

const stateName = 'state.json'
const identityName = 'identity.pem'
const stateVersion = 1

/** The embedded store: one PEM file and one JSON file in a state folder. Throws `invalid_argument` where they are not readable. */
export async function openFileStore(folder: StateFolder): Promise<Store> {
  let agents = new Map<string, StoredAgent>((await loadAgents(folder)).map(agent => [agent.id, agent]))
  let writing: Promise<void> = Promise.resolve()
  const change = (edit: (copy: Map<string, StoredAgent>) => void): Promise<void> => {
    const write = async (): Promise<void> => {
      const copy = new Map(agents)
      edit(copy)
      await folder.replace(stateName, `${JSON.stringify({ version: stateVersion, agents: [...copy.values()] }, null, 2)}\n`)
      agents = copy
    }
    // One after another; a write that failed does not stop the next.
    const done = writing.then(write)
    writing = done.catch(() => undefined)
    return done
  }
  return {
    loadIdentity: () => folder.read(identityName),
    saveIdentity: pem => folder.replace(identityName, pem),
    agents: () => [...agents.values()],
    saveAgent: agent => change(copy => copy.set(agent.id, agent)),
    removeAgent: id => change(copy => copy.delete(id)),
  }
}

async function loadAgents(folder: StateFolder): Promise<StoredAgent[]> {
  const text = await folder.read(stateName)
  if (text === undefined) return []
  const where = `${folder.path}/${stateName}`
  let state: unknown
  try {
    state = JSON.parse(text)
  } catch (cause) {
    throw invalid(where, cause instanceof Error ? cause.message : 'not JSON', cause)
  }
  const { version, agents } = (typeof state === 'object' && state !== null ? state : {}) as { version?: unknown; agents?: unknown }
  if (version !== stateVersion) throw invalid(where, `version ${JSON.stringify(version)} is not ${stateVersion}`)
  if (!Array.isArray(agents) || !agents.every(isStoredAgent))
    throw invalid(where, 'agents is not a list of agents with id, uri and thumbprint')
  return agents
}

function isStoredAgent(value: unknown): value is StoredAgent {
  if (typeof value !== 'object' || value === null) return false
  const { id, uri, thumbprint } = value as Record<string, unknown>
  return typeof id === 'string' && typeof uri === 'string' && typeof thumbprint === 'string'
}

function invalid(where: string, reason: string, cause?: unknown): HalibutError {
  return new HalibutError('invalid_argument', `${where} is not readable: ${reason}`, {
    advice: 'restore it from a copy, or remove it to begin anew',
    cause,
  })
}
