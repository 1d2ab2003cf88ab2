import type { ContractEntry } from '@halibut-gateway/schemas'
import { session } from '../../page.ts'
import { createLoaded, type Loaded } from '../../state/loaded.ts'
import { createRulesDraft } from '../../state/rules-draft.ts'

// Made when somebody opens the settings for the first time.

export const tokens = createLoaded(session, async client => (await client.request('tokens.list', {})).tokens)
export const rules = createLoaded(session, async client => (await client.request('rules.get', {})).rules)
export const draft = createRulesDraft(session)
export const contractList: Loaded<readonly ContractEntry[]> = createLoaded(
  session,
  async client => (await client.request('contracts.list', {})).contracts,
)
