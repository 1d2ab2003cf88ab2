import type { AgentChanges, AgentLimits, AgentSnapshot } from '@halibut-gateway/schemas'

/** What a person may say otherwise about an agent, as it stands in a form. */
export interface AgentForm {
  readonly name: string
  readonly uri: string
  readonly tags: string
  readonly services: readonly string[]
  /** By the names of the limits, in the units of {@link limitFields}; empty: as for other agents. */
  readonly limits: Readonly<Record<string, string>>
}

/** A limit that one agent can have otherwise than others. */
export interface LimitField {
  readonly name: keyof AgentLimits
  readonly label: string
  readonly note: string
  /** Milliseconds in the unit of the field; 1 where it counts. */
  readonly unit: number
}

/** The limits that matter for an agent that is called so. */
export const limitFields: Readonly<Record<AgentSnapshot['mode'], readonly LimitField[]>> = {
  polling: [
    {
      name: 'pollingRequestQueueTimeoutMs',
      label: 'Longest wait for it, in seconds',
      note: 'A call that finds no connection in that time ends. Elsewhere two minutes.',
      unit: 1_000,
    },
  ],
  listening: [
    {
      name: 'tcpClientConnectTimeoutMs',
      label: 'Longest time to connect, in seconds',
      note: 'Elsewhere a minute.',
      unit: 1_000,
    },
    { name: 'retryCountLimit', label: 'Attempts to connect', note: 'Elsewhere five.', unit: 1 },
    {
      name: 'retryListeningSleepIntervalMs',
      label: 'Pause between two attempts, in seconds',
      note: 'Elsewhere a second.',
      unit: 1_000,
    },
  ],
}

/** An agent as it stands in the form. */
export function formOf({ name, uri, tags, services, limits = {}, mode }: AgentSnapshot): AgentForm {
  const texts = limitFields[mode].map(({ name: limit, unit }) => [limit, limits[limit] === undefined ? '' : String(limits[limit] / unit)])
  return { name, uri, tags: tags.join(' '), services, limits: Object.fromEntries(texts) as Record<string, string> }
}

const tagPattern = /^[A-Za-z0-9][A-Za-z0-9._:/=-]{0,63}$/

/** What is wrong in a form, by field; nothing where it can be saved. */
export function formProblems(form: AgentForm, mode: AgentSnapshot['mode']): ReadonlyMap<string, string> {
  const problems = new Map<string, string>()
  if (form.name.trim().length > 200) problems.set('name', 'A name has at most 200 characters.')
  const wanted = mode === 'polling' ? /^poll:\/\/[^\s@]+$/ : /^https:\/\/[^\s@]+$/
  if (!wanted.test(form.uri.trim())) problems.set('uri', mode === 'polling' ? 'It must be poll://name/.' : 'It must be https://host:port/.')
  const bad = tagsIn(form.tags).find(tag => !tagPattern.test(tag))
  if (bad !== undefined)
    problems.set('tags', `“${bad}” is no tag: letters, digits and . _ : / = -, at most 64, the first a letter or a digit.`)
  else if (tagsIn(form.tags).length > 32) problems.set('tags', 'An agent has at most 32 tags.')
  for (const { name, unit } of limitFields[mode]) {
    const text = (form.limits[name] ?? '').trim()
    if (text !== '' && limitIn(text, unit) === undefined) {
      problems.set(name, unit === 1 ? 'A whole number from 1 to 100, or nothing.' : 'Seconds, more than 0 and at most a day, or nothing.')
    }
  }
  return problems
}

/** The tags in a text: separated by spaces or commas, each once. */
export function tagsIn(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).filter(tag => tag !== ''))]
}

function limitIn(text: string, unit: number): number | undefined {
  const value = Number(text.replace(',', '.'))
  if (unit === 1) return Number.isInteger(value) && value >= 1 && value <= 100 ? value : undefined
  const ms = Math.round(value * unit)
  return ms >= 1 && ms <= 86_400_000 ? ms : undefined
}

/** What a form says otherwise than the agent that it began with; nothing where it says the same. The form has no problems. */
export function changesIn(form: AgentForm, before: AgentSnapshot): Omit<AgentChanges, 'agent' | 'version'> | undefined {
  const changes: Omit<AgentChanges, 'agent' | 'version'> = {}
  const name = form.name.trim()
  if (name !== before.name) changes.name = name === '' || name === before.id ? null : name
  if (form.uri.trim() !== before.uri) changes.uri = form.uri.trim()
  const tags = tagsIn(form.tags)
  if (!isSame(tags, before.tags)) changes.tags = tags
  if (!isSame([...form.services].sort(), [...before.services].sort())) changes.services = [...form.services]
  const limits = limitsIn(form, before)
  if (JSON.stringify(limits) !== JSON.stringify(before.limits ?? {})) changes.limits = limits
  return Object.keys(changes).length === 0 ? undefined : changes
}

/** What the form does not show stays. */
function limitsIn(form: AgentForm, { limits = {}, mode }: AgentSnapshot): AgentLimits {
  const all: AgentLimits = { ...limits }
  for (const { name, unit } of limitFields[mode]) {
    const text = (form.limits[name] ?? '').trim()
    const value = text === '' ? undefined : limitIn(text, unit)
    if (value === undefined) delete all[name]
    else all[name] = value
  }
  return all
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((each, i) => each === other[i])
}
