import { GatewayError } from '@halibut-gateway/client'
import { type MethodNode, signatureOf } from '@halibut-gateway/schemas/contract'
import { type ContractJson, hasStream, type ParamError } from '@halibut-gateway/schemas/wire'
import { batch, computed, effect, signal } from '@preact/signals'
import { firstOf, withHandles, withoutSecrets } from './form-values.ts'
import { agents, contracts, gateway } from './gateway-state.ts'
import { withoutLongResults } from './long-results.ts'
import type { MadeCall, Selection } from './made-call.ts'

const keptCalls = 100

/** What the person chose; `undefined` parts are filled by {@link chosen}. */
const wanted = signal<Partial<Selection>>(readFragment())
/** The arguments in their JSON forms, as edited. */
export const args = signal<readonly unknown[]>([])
/** The calls of this page, the newest first. */
export const calls = signal<readonly MadeCall[]>([])
/** The call whose answer is shown. */
export const shown = signal<number | undefined>(undefined)

const running = new Map<number, AbortController>()

/** The selection as it is in force: what was wanted where it exists, else the first of its kind. */
export const chosen = computed<{ agent: string; json: ContractJson | undefined; method: MethodNode | undefined } | undefined>(() => {
  const list = [...(agents.value?.values() ?? [])]
  const agent = list.find(each => each.id === wanted.value.agent) ?? list[0]
  if (!agent) return undefined
  const service = agent.services.find(each => each === wanted.value.service) ?? agent.services[0]
  const json = service === undefined ? undefined : contracts.value.get(service)
  const methods = json?.contract.methods ?? []
  const method = methods.find(each => signatureOf(each) === wanted.value.signature) ?? methods[0]
  return { agent: agent.id, json, method }
})

/** Where the arguments do not fit, by JSON pointer (`/0/Title`). */
export const argumentErrors = computed<ReadonlyMap<string, ParamError>>(() => {
  const { json, method } = chosen.value ?? {}
  const errors: ParamError[] = []
  method?.params.forEach((param, i) => {
    const path = `/${i}`
    if (param.type === 'dataStream' && args.value[i] === null) errors.push({ path, expected: 'a file', got: 'none' })
    else json?.read(param, withHandles(args.value[i]), path, errors, handle => handle)
  })
  return new Map(errors.map(error => [error.path, error]))
})

/** Whether the chosen method takes data streams: files do not stand in raw JSON. */
export const takesStreams = computed(() => {
  const { json, method } = chosen.value ?? {}
  return !!json && !!method?.params.some(param => hasStream(json.contract, param.type))
})

/** How much of the uploads of a running call has been sent, 0 to 1, by its number. */
export const uploaded = signal<ReadonlyMap<number, number>>(new Map())

/** Sets the form; its arguments begin anew where the method changes. */
export function choose(change: Partial<Selection>): void {
  wanted.value = { ...wanted.value, ...change }
}

let argumentsOf: MethodNode | undefined

effect(() => {
  const { json, method, agent } = chosen.value ?? {}
  if (!json || !method || agent === undefined) return
  if (method !== argumentsOf) {
    argumentsOf = method
    args.value = method.params.map(param => firstOf(json, param))
  }
  const fragment = new URLSearchParams({ agent, service: json.contract.service, method: signatureOf(method) })
  history.replaceState(null, '', `#${fragment}`)
})

/** Makes the call that the form describes. */
export function call(): void {
  const { agent, json, method } = chosen.value ?? {}
  if (agent === undefined || !json || !method || argumentErrors.value.size > 0) return
  const made: MadeCall = {
    number: (calls.value[0]?.number ?? 0) + 1,
    agent,
    service: json.contract.service,
    signature: signatureOf(method),
    args: args.value,
    shownArgs: args.value.map((arg, i) => withoutSecrets(json, method.params[i] ?? { type: 'object' }, arg)),
    startedAt: Date.now(),
    outcome: { at: 'running' },
  }
  batch(() => {
    calls.value = [made, ...calls.value].slice(0, keptCalls)
    shown.value = made.number
  })
  void run(made)
}

/** Gives a running call up. */
export function cancel(number: number): void {
  running.get(number)?.abort()
}

/** Puts a call that was made back into the form. */
export function reopen(made: MadeCall): void {
  batch(() => {
    choose(made)
    shown.value = made.number
  })
  // After the effect that fills in first values.
  args.value = made.args
}

async function run(made: MadeCall): Promise<void> {
  const stop = new AbortController()
  running.set(made.number, stop)
  const startedMs = performance.now()
  let outcome: MadeCall['outcome']
  try {
    const result = await gateway()
      .agent(made.agent)
      .invoke(made.service, made.signature, made.args, {
        signal: stop.signal,
        digest: true,
        onProgress: ({ sentBytes, totalBytes = 0 }) => {
          uploaded.value = new Map(uploaded.value).set(made.number, totalBytes === 0 ? 1 : sentBytes / totalBytes)
        },
      })
    outcome = { at: 'answered', result, elapsedMs: performance.now() - startedMs }
  } catch (error) {
    const told = error instanceof GatewayError ? error : new GatewayError('internal_error', String(error))
    outcome = { at: 'failed', error: told, elapsedMs: performance.now() - startedMs }
  } finally {
    running.delete(made.number)
    uploaded.value = new Map([...uploaded.value].filter(([number]) => number !== made.number))
  }
  calls.value = withoutLongResults(calls.value.map(each => (each.number === made.number ? { ...each, outcome } : each)))
}

function readFragment(): Partial<Selection> {
  const fragment = new URLSearchParams(location.hash.slice(1))
  const part = (name: string): string | undefined => fragment.get(name) ?? undefined
  const [agent, service, signature] = [part('agent'), part('service'), part('method')]
  return {
    ...(agent === undefined ? {} : { agent }),
    ...(service === undefined ? {} : { service }),
    ...(signature === undefined ? {} : { signature }),
  }
}
