import { type MethodNode, signatureOf } from '@halibut-gateway/schemas/contract'
import { type ContractJson, facadeLimits, hasStream, type ParamError } from '@halibut-gateway/schemas/wire'
import { batch, computed, effect, type ReadonlySignal, type Signal, signal, untracked } from '@preact/signals'
import { readLinkedArgs } from '../address/call-link.ts'
import { wholeList } from '../address/route.ts'
import type { Router } from '../address/router.ts'
import type { CallDraft } from '../values/call-draft.ts'
import { formatSeconds, readSeconds } from '../values/deadline-text.ts'
import { firstOf, firstValue, withoutSecrets } from '../values/form-values.ts'
import type { Target } from '../values/made-call.ts'
import { checkable, withNames } from '../values/stream-args.ts'
import type { Agents } from './agents.ts'
import type { Contracts } from './contracts.ts'
import { onHandover } from './on-handover.ts'
import type { Session } from './session.ts'

/** The method that the form is set to. */
export interface ChosenMethod {
  readonly agent: string
  readonly json: ContractJson
  readonly method: MethodNode
}

/** Times of a call in seconds, as somebody types them. */
export interface TypedTime {
  /** As typed; empty: none. */
  readonly text: Signal<string>
  /** In milliseconds; `invalid` where it is no such time. */
  readonly ms: ReadonlySignal<number | undefined | 'invalid'>
}

/** The form that a call is made with: where it goes stands in the address, what it takes is kept for each method. */
export interface CallForm {
  /** The service of the agent that is in the address, else its first. */
  readonly service: ReadonlySignal<string | undefined>
  readonly chosen: ReadonlySignal<ChosenMethod | undefined>
  /** Names the method that is chosen, for what is kept of each. */
  readonly key: ReadonlySignal<string>
  /** The arguments in their JSON forms, as edited; the content of data streams as `values/stream-args.ts` has it. */
  readonly args: ReadonlySignal<readonly unknown[]>
  /** Where they do not fit, by JSON pointer (`/0/Title`). */
  readonly errors: ReadonlySignal<ReadonlyMap<string, ParamError>>
  /** Whether the method takes data streams. */
  readonly takesStreams: ReadonlySignal<boolean>
  /** When the call is given up. */
  readonly deadline: TypedTime
  /** How long it may wait for its agent. */
  readonly queueDeadline: TypedTime
  /** A key under which it runs once; empty: one of its own for each call. */
  readonly onceKey: Signal<string>
  readonly isOnceKeyTooLong: ReadonlySignal<boolean>
  /** Whether the arguments are also being written as JSON, and are none yet. */
  readonly isTextBroken: Signal<boolean>
  /** Whether a call can be made of it as it is. */
  readonly isReady: ReadonlySignal<boolean>
  /** What it describes, without secrets and the content of files; `undefined` while no method is chosen. */
  readonly draft: ReadonlySignal<CallDraft | undefined>
  /** Why the arguments of the link that led here could not be taken. */
  readonly linkProblem: ReadonlySignal<string | undefined>
  /** Changes the arguments of the method that is chosen. */
  edit(args: readonly unknown[]): void
  /** Sets the form to a method; with `args` to these. */
  choose(target: Partial<Target>, args?: readonly unknown[]): void
  /** Puts a draft into the form, and shows it. Nothing is sent. */
  fill(draft: CallDraft): void
}

/** The form of the agent that the address names. */
export function createCallForm(router: Router, agents: Agents, contracts: Contracts, session: Pick<Session, 'client'>): CallForm {
  const drafts = signal<ReadonlyMap<string, readonly unknown[]>>(new Map())
  const deadline = typedTime()
  const queueDeadline = typedTime()
  const onceKey = signal('')
  const isTextBroken = signal(false)
  const linkProblem = signal<string | undefined>(undefined)
  /** Advances when the link is to be read again. */
  const readings = signal(0)
  // There may be secrets in it.
  onHandover(session, () =>
    batch(() => {
      drafts.value = new Map()
      for (const text of [deadline.text, queueDeadline.text, onceKey]) text.value = ''
      linkProblem.value = undefined
      readings.value++
    }),
  )

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
    const method = methods.find(each => signatureOf(each) === route.method) ?? named(json, route.method) ?? methods[0]
    return method && { agent: route.agent, json, method }
  })
  /** A method by its name alone: the overload that takes as many arguments as were filled in. */
  function named(json: ContractJson, name: string | undefined): MethodNode | undefined {
    const found = name === undefined ? [] : json.find(name)
    const given = drafts.value.get(draftKey(json.contract.service, name ?? ''))
    return found.find(({ params }) => params.length === given?.length) ?? found[0]
  }
  const key = computed(() => (chosen.value ? draftKey(chosen.value.json.contract.service, signatureOf(chosen.value.method)) : ''))

  /** What it begins with, made once for each method, since it has new Guids and the time of day. */
  const begun = new WeakMap<MethodNode, readonly unknown[]>()
  const args = computed<readonly unknown[]>(() => {
    if (!chosen.value) return []
    const { json, method } = chosen.value
    const route = router.route.value
    const byName = route.page === 'agent' && route.method !== undefined ? draftKey(json.contract.service, route.method) : ''
    const draft = drafts.value.get(key.value) ?? drafts.value.get(byName)
    if (draft?.length === method.params.length) return draft
    const first = begun.get(method) ?? method.params.map(param => firstOf(json, param))
    begun.set(method, first)
    return draft ? first.map((each, i) => (i < draft.length ? draft[i] : each)) : first
  })
  const errors = computed<ReadonlyMap<string, ParamError>>(() => {
    if (!chosen.value) return new Map()
    const { json, method } = chosen.value
    const found: ParamError[] = []
    const values = checkable(json, method, args.value)
    for (const [i, param] of method.params.entries()) {
      const path = `/${i}`
      if (param.type === 'dataStream' && values[i] === null) found.push({ path, expected: wantedStream, got: 'none' })
      else json.read(param, values[i], path, found, handle => handle)
    }
    return new Map(
      found.map(error => [error.path, error.expected.startsWith('{ "$stream"') ? { ...error, expected: wantedStream } : error]),
    )
  })
  const takesStreams = computed(() => {
    const { json, method } = chosen.value ?? {}
    return !!json && !!method?.params.some(param => hasStream(json.contract, param.type))
  })
  const isOnceKeyTooLong = computed(() => onceKey.value.length > facadeLimits.idempotencyKeyChars)

  /** A link fills the form in, once, and no more: what becomes of that is for the person who reads it. */
  effect(() => {
    void readings.value
    const route = router.route.value
    if (route.page !== 'agent' || route.args === undefined || route.service === undefined || route.method === undefined) return
    const { service: to, method, timeout = '' } = route
    const read = readLinkedArgs(route.args)
    untracked(() =>
      batch(() => {
        linkProblem.value = read.problem
        if (read.args) drafts.value = new Map(drafts.peek()).set(draftKey(to, method), read.args)
        deadline.text.value = timeout
      }),
    )
  })
  /** What is changed is not what the link said. */
  function leaveLink(): void {
    const route = router.route.peek()
    if (route.page === 'agent' && (route.args !== undefined || route.timeout !== undefined)) {
      router.replace({ ...route, args: undefined, timeout: undefined })
    }
    linkProblem.value = undefined
  }

  function choose(target: Partial<Target>, given?: readonly unknown[]): void {
    const route = router.route.peek()
    const isHere = route.page === 'agent'
    const agent = target.agent ?? (isHere ? route.agent : undefined)
    if (agent === undefined) return
    const next = target.service ?? (isHere ? route.service : undefined) ?? service.peek()
    const method = target.signature ?? (target.service === undefined && isHere ? route.method : undefined)
    const list = isHere || route.page === 'agents' ? route.list : undefined
    if (given && next !== undefined && target.signature !== undefined) {
      drafts.value = new Map(drafts.peek()).set(draftKey(next, target.signature), given)
    }
    linkProblem.value = undefined
    router.go({ page: 'agent', agent, service: next, method, list: list ?? wholeList })
  }

  return {
    service,
    chosen,
    key,
    args,
    errors,
    takesStreams,
    deadline,
    queueDeadline,
    onceKey,
    isOnceKeyTooLong,
    isTextBroken,
    isReady: computed(
      () =>
        chosen.value !== undefined &&
        errors.value.size === 0 &&
        !isTextBroken.value &&
        deadline.ms.value !== 'invalid' &&
        queueDeadline.ms.value !== 'invalid' &&
        !isOnceKeyTooLong.value,
    ),
    draft: computed(() => {
      if (!chosen.value) return undefined
      const { agent, json, method } = chosen.value
      const shown = method.params.map((param, i) => withoutSecrets(json, param, args.value[i], type => firstValue(json, type)))
      return {
        agent,
        service: json.contract.service,
        method: signatureOf(method),
        args: withNames(shown),
        ...(typeof deadline.ms.value === 'number' && { timeoutMs: deadline.ms.value }),
        ...(typeof queueDeadline.ms.value === 'number' && { queueTimeoutMs: queueDeadline.ms.value }),
        ...(onceKey.value !== '' && { idempotencyKey: onceKey.value }),
      }
    }),
    linkProblem,
    edit: next => {
      const at = key.peek()
      if (at === '') return
      batch(() => {
        drafts.value = new Map(drafts.peek()).set(at, next)
        leaveLink()
      })
    },
    choose,
    fill: ({ agent, service: to, method, args: given, timeoutMs, queueTimeoutMs, idempotencyKey }) =>
      batch(() => {
        deadline.text.value = formatSeconds(timeoutMs)
        queueDeadline.text.value = formatSeconds(queueTimeoutMs)
        onceKey.value = idempotencyKey ?? ''
        choose({ agent, service: to, signature: method }, given)
      }),
  }
}

const wantedStream = 'a file, or { "$text": "…" } or { "$base64": "…" }'

function typedTime(): TypedTime {
  const text = signal('')
  return { text, ms: computed(() => readSeconds(text.value)) }
}

/** The same method of another agent has the same arguments. */
function draftKey(service: string, method: string): string {
  return `${service} ${method}`
}
