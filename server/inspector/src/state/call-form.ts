import { type MethodNode, signatureOf } from '@halibut-gateway/schemas/contract'
import { type ContractJson, hasStream, type ParamError } from '@halibut-gateway/schemas/wire'
import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import { wholeList } from '../address/route.ts'
import type { Router } from '../address/router.ts'
import { firstOf, withHandles } from '../values/form-values.ts'
import type { Target } from '../values/made-call.ts'
import type { Agents } from './agents.ts'
import type { Contracts } from './contracts.ts'

/** The method that the form is set to. */
export interface ChosenMethod {
  readonly agent: string
  readonly json: ContractJson
  readonly method: MethodNode
}

/** The form that a call is made with: where it goes stands in the address, what it takes is kept for each method. */
export interface CallForm {
  /** The service of the agent that is in the address, else its first. */
  readonly service: ReadonlySignal<string | undefined>
  readonly chosen: ReadonlySignal<ChosenMethod | undefined>
  /** The arguments in their JSON forms, as edited. */
  readonly args: ReadonlySignal<readonly unknown[]>
  /** Where they do not fit, by JSON pointer (`/0/Title`). */
  readonly errors: ReadonlySignal<ReadonlyMap<string, ParamError>>
  /** Whether the method takes data streams: files do not stand in raw JSON. */
  readonly takesStreams: ReadonlySignal<boolean>
  /** After how many seconds the call is given up, as typed; empty: when the gateway does. */
  readonly deadline: Signal<string>
  /** The same in milliseconds; `invalid` where it is no such number. */
  readonly deadlineMs: ReadonlySignal<number | undefined | 'invalid'>
  /** Changes the arguments of the method that is chosen. */
  edit(args: readonly unknown[]): void
  /** Sets the form to a method; with `args` to these. */
  choose(target: Partial<Target>, args?: readonly unknown[]): void
}

const longestDeadlineSeconds = 86_400

/** The form of the agent that the address names. */
export function createCallForm(router: Router, agents: Agents, contracts: Contracts): CallForm {
  const drafts = signal<ReadonlyMap<string, readonly unknown[]>>(new Map())
  const deadline = signal('')

  const service = computed(() => {
    const route = router.route.value
    if (route.page !== 'agent' || route.tab !== undefined) return undefined
    const services = agents.get(route.agent)?.services ?? []
    return services.find(each => each === route.service) ?? services[0]
  })
  const chosen = computed<ChosenMethod | undefined>(() => {
    const route = router.route.value
    if (route.page !== 'agent' || service.value === undefined) return undefined
    const json = contracts.of(service.value, route.agent)
    if (!json || json === 'missing') return undefined
    const { methods } = json.contract
    const method = methods.find(each => signatureOf(each) === route.method) ?? methods[0]
    return method && { agent: route.agent, json, method }
  })
  /** What it begins with, made once for each method, since it has new Guids and the time of day. */
  const begun = new WeakMap<MethodNode, readonly unknown[]>()
  const args = computed<readonly unknown[]>(() => {
    if (!chosen.value) return []
    const { json, method } = chosen.value
    const draft = drafts.value.get(draftKey(json, method))
    if (draft) return draft
    const first = begun.get(method) ?? method.params.map(param => firstOf(json, param))
    begun.set(method, first)
    return first
  })
  const errors = computed<ReadonlyMap<string, ParamError>>(() => {
    const { json, method } = chosen.value ?? {}
    const found: ParamError[] = []
    method?.params.forEach((param, i) => {
      const path = `/${i}`
      if (param.type === 'dataStream' && args.value[i] === null) found.push({ path, expected: 'a file', got: 'none' })
      else json?.read(param, withHandles(args.value[i]), path, found, handle => handle)
    })
    return new Map(found.map(error => [error.path, error]))
  })
  const takesStreams = computed(() => {
    const { json, method } = chosen.value ?? {}
    return !!json && !!method?.params.some(param => hasStream(json.contract, param.type))
  })
  const deadlineMs = computed(() => {
    const text = deadline.value.trim().replace(',', '.')
    if (text === '') return undefined
    const seconds = Number(text)
    return seconds > 0 && seconds <= longestDeadlineSeconds ? Math.ceil(seconds * 1_000) : 'invalid'
  })

  return {
    service,
    chosen,
    args,
    errors,
    takesStreams,
    deadline,
    deadlineMs,
    edit: next => {
      if (!chosen.value) return
      const { json, method } = chosen.value
      drafts.value = new Map(drafts.value).set(draftKey(json, method), next)
    },
    choose: (target, given) => {
      const route = router.route.peek()
      const isHere = route.page === 'agent'
      const agent = target.agent ?? (isHere ? route.agent : undefined)
      if (agent === undefined) return
      const next = target.service ?? (isHere ? route.service : undefined) ?? service.peek()
      const method = target.signature ?? (target.service === undefined && isHere ? route.method : undefined)
      const list = isHere || route.page === 'agents' ? route.list : undefined
      if (given && next !== undefined && target.signature !== undefined) {
        drafts.value = new Map(drafts.value).set(`${next} ${target.signature}`, given)
      }
      router.go({ page: 'agent', agent, service: next, method, list: list ?? wholeList })
    },
  }
}

/** The same method of another agent has the same arguments. */
function draftKey(json: ContractJson, method: MethodNode): string {
  return `${json.contract.service} ${signatureOf(method)}`
}
