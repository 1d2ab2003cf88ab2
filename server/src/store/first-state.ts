import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { HalibutError } from '../base/errors.ts'
import { type AgentRecord, identityRecord } from './records.ts'
import type { StateFolder } from './state-folder.ts'
import type { Store } from './store.ts'

const stateName = 'state.json'
const identityName = 'identity.pem'
const stateVersion = 1
/** What the files are called once the store has what was in them. */
const doneSuffix = '.before-upgrade'
const marker = 'first-state'

/**
 * Takes over what the first version kept as two files, once: the identity as PEM and the agents as JSON. The files stay, under another name.
 * Rejects with `invalid_argument` where they are not readable; then nothing has changed.
 */
export async function takeOverFirstState(folder: StateFolder, store: Store): Promise<void> {
  const [state, identity] = [await folder.read(stateName), await folder.read(identityName)]
  if (state === undefined && identity === undefined) return
  // A process that ended between keeping and renaming has renamed nothing, or one of them.
  if (!store.meta.get(marker)) {
    const agents = state === undefined ? [] : parseState(`${folder.path}/${stateName}`, state)
    await store.change(draft => {
      for (const agent of agents) draft.agents.put(agent)
      if (identity !== undefined) draft.meta.put({ id: identityRecord, text: identity })
      draft.meta.put({ id: marker, text: 'taken over' })
    })
  }
  for (const [name, text] of [
    [stateName, state],
    [identityName, identity],
  ] as const)
    if (text !== undefined) await rename(join(folder.path, name), join(folder.path, `${name}${doneSuffix}`))
}

function parseState(where: string, text: string): AgentRecord[] {
  let state: unknown
  try {
    state = JSON.parse(text)
  } catch (cause) {
    throw invalid(where, cause instanceof Error ? cause.message : 'not JSON', cause)
  }
  const { version, agents } = (typeof state === 'object' && state !== null ? state : {}) as { version?: unknown; agents?: unknown }
  if (version !== stateVersion) throw invalid(where, `version ${JSON.stringify(version)} is not ${stateVersion}`)
  if (!Array.isArray(agents) || !agents.every(isAgentRecord))
    throw invalid(where, 'agents is not a list of agents with id, uri and thumbprint')
  return agents
}

function isAgentRecord(value: unknown): value is AgentRecord {
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
