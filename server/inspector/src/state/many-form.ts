import type { AgentSnapshot } from '@halibut-gateway/schemas'
import { type MethodNode, signatureOf } from '@halibut-gateway/schemas/contract'
import { type ContractJson, hasStream, type ParamError } from '@halibut-gateway/schemas/wire'
import { batch, computed, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import type { Route } from '../address/route.ts'
import type { Router } from '../address/router.ts'
import { firstOf } from '../values/form-values.ts'
import { lineAndColumn } from '../values/json-places.ts'
import { parseJsonText } from '../values/json-text.ts'
import type { Agents } from './agents.ts'
import type { Contracts } from './contracts.ts'
import { onHandover } from './on-handover.ts'
import type { Session } from './session.ts'

/** Which agents are called, and with what: it stands in the address but for the arguments, which may have secrets. */
export interface ManyForm {
  /** The agents that the tags and the search name, by name. */
  readonly fitting: ReadonlySignal<readonly AgentSnapshot[]>
  /** Those of them that are called: the picked ones, else all. */
  readonly targets: ReadonlySignal<readonly AgentSnapshot[]>
  /** The services that targets have, with how many have each. */
  readonly services: ReadonlySignal<ReadonlyMap<string, number>>
  readonly service: ReadonlySignal<string | undefined>
  readonly json: ReadonlySignal<ContractJson | undefined>
  readonly method: ReadonlySignal<MethodNode | undefined>
  /** The arguments as JSON text, as typed. */
  readonly text: ReadonlySignal<string>
  /** Why they cannot be sent; empty where they can. */
  readonly problems: ReadonlySignal<readonly string[]>
  readonly args: ReadonlySignal<readonly unknown[] | undefined>
  readonly atOnce: Signal<number>
  readonly stopAfter: Signal<number | undefined>
  readonly timeoutSeconds: Signal<string>
  /** Sets the arguments. */
  edit(args: readonly unknown[]): void
  type(text: string): void
}

type Place = Extract<Route, { page: 'many' }>

const collator = new Intl.Collator('en', { numeric: true })
const nowhere: Place = { page: 'many', tags: [], search: '', picked: [], service: undefined, method: undefined }

/** The form of the page of many agents. */
export function createManyForm(router: Router, agents: Agents, contracts: Contracts, session: Pick<Session, 'client'>): ManyForm {
  const typed = signal<ReadonlyMap<string, string>>(new Map())
  const atOnce = signal(8)
  const stopAfter = signal<number | undefined>(undefined)
  const timeoutSeconds = signal('')
  /** Arguments that were brought for whatever method is chosen next. */
  const brought = signal<string | undefined>(undefined)
  onHandover(session, () =>
    batch(() => {
      typed.value = new Map()
      brought.value = undefined
      timeoutSeconds.value = ''
    }),
  )

  const place = computed(() => (router.route.value.page === 'many' ? router.route.value : nowhere))
  const fitting = computed(() => {
    void agents.journal.version.value
    const { tags, search } = place.value
    const words = search.toLowerCase().split(/\s+/).filter(Boolean)
    return [...agents.all().values()]
      .filter(
        agent =>
          (tags.length === 0 || tags.some(tag => agent.tags.includes(tag))) &&
          words.every(word => `${agent.id} ${agent.name} ${agent.uri} ${agent.state}`.toLowerCase().includes(word)),
      )
      .toSorted((one, other) => collator.compare(one.name, other.name))
  })
  const targets = computed(() => {
    const { picked } = place.value
    if (picked.length === 0) return fitting.value
    const wanted = new Set(picked)
    return [...agents.all().values()].filter(({ id }) => wanted.has(id)).toSorted((one, other) => collator.compare(one.name, other.name))
  })
  const services = computed(() => {
    const counts = new Map<string, number>()
    for (const agent of targets.value) for (const each of agent.services) counts.set(each, (counts.get(each) ?? 0) + 1)
    return new Map([...counts].toSorted(([one, many], [other, more]) => more - many || (one < other ? -1 : 1)))
  })
  const service = computed(() => place.value.service ?? services.value.keys().next().value)
  const json = computed(() => {
    const wanted = service.value
    const first = wanted === undefined ? undefined : (targets.value.find(agent => agent.services.includes(wanted)) ?? targets.value[0])
    if (wanted === undefined || !first) return undefined
    const found = contracts.of(wanted, first.id)
    return found === 'missing' ? undefined : found
  })
  const method = computed(() => {
    const its = json.value
    if (!its) return undefined
    // A file goes to one agent: its content is read once.
    const methods = its.contract.methods.filter(each => !each.params.some(param => hasStream(its.contract, param.type)))
    const wanted = place.value.method
    return methods.find(each => signatureOf(each) === wanted) ?? methods.find(({ name }) => name === wanted) ?? methods[0]
  })
  const key = computed(() => `${service.value} ${method.value && signatureOf(method.value)}`)
  const begun = computed(() => {
    const its = json.value
    return JSON.stringify(its && method.value ? method.value.params.map(param => firstOf(its, param)) : [], null, 2)
  })
  const text = computed(() => typed.value.get(key.value) ?? brought.value ?? begun.value)
  const read = computed<{ readonly args?: readonly unknown[]; readonly problems: readonly string[] }>(() => {
    // A whole number that JavaScript would round is sent as it is written.
    const parsed = parseJsonText(text.value)
    if (!parsed.ok) {
      const { line, column } = lineAndColumn(text.value, parsed.at)
      return { problems: [`Line ${line}, column ${column}: ${parsed.message}`] }
    }
    const { value } = parsed
    if (!Array.isArray(value)) return { problems: ['The arguments are a JSON list.'] }
    const found: ParamError[] = []
    const params = method.value?.params ?? []
    for (const [i, param] of params.entries()) json.value?.read(param, value[i], `/${i}`, found, handle => handle)
    if (value.length > params.length) found.push({ path: `/${params.length}`, expected: 'no more arguments', got: `${value.length}` })
    return { args: value, problems: found.map(({ path, expected, got }) => `${path}: expected ${expected}, got ${got}`) }
  })

  return {
    fitting,
    targets,
    services,
    service,
    json,
    method,
    text,
    problems: computed(() => read.value.problems),
    args: computed(() => read.value.args),
    atOnce,
    stopAfter,
    timeoutSeconds,
    edit: args => {
      typed.value = new Map()
      brought.value = JSON.stringify(args, null, 2)
    },
    type: next => {
      typed.value = new Map(typed.value).set(key.peek(), next)
    },
  }
}
