import { type GatewayClient, GatewayError } from '@halibut-gateway/client'
import { signatureOf } from '@halibut-gateway/schemas/contract'
import { batch, effect, type ReadonlySignal, signal, untracked } from '@preact/signals'
import { streamContentOf } from '../values/call-draft.ts'
import { withoutSecrets } from '../values/form-values.ts'
import { readCalls, writeCalls } from '../values/kept-calls.ts'
import { withoutLongResults } from '../values/long-results.ts'
import { type CallOutcome, draftOfCall, type MadeCall } from '../values/made-call.ts'
import { mayHoldSecret } from '../values/masked-secrets.ts'
import { sendable } from '../values/stream-args.ts'
import type { CallForm, TypedTime } from './call-form.ts'
import { onHandover } from './on-handover.ts'
import type { Session } from './session.ts'

const keptCalls = 100
const storageKey = 'halibut-gateway.calls'
/** How often is asked what became of a call whose arguments are gone. */
const askAgainMs = 1_000

/** The calls of this tab. */
export interface Calls {
  /** The newest first. */
  readonly list: ReadonlySignal<readonly MadeCall[]>
  /** The number of the call whose answer is shown. */
  readonly shown: ReadonlySignal<number | undefined>
  /** How much of the uploads of a running call has been sent, 0 to 1, by its number. */
  readonly uploaded: ReadonlySignal<ReadonlyMap<number, number>>
  /** Makes the call that the form describes, where that can be made. */
  make(): void
  /** Gives a running call up. */
  cancel(number: number): void
  /** Shows a call, and puts it back into the form. */
  reopen(call: MadeCall): void
  /** Forgets those that are over. */
  clear(): void
}

/** What calls are made with. */
export interface CallsOptions {
  readonly session: Session
  readonly form: CallForm
  /** That of the tab: it keeps the calls for who comes back to the page. */
  readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>
  readonly now?: () => number
}

/** The calls of this tab; those that ran when the page was left are followed again. */
export function createCalls({ session, form, storage, now = Date.now }: CallsOptions): Calls {
  const list = signal<readonly MadeCall[]>(readCalls(storage.getItem(storageKey)))
  const shown = signal<number | undefined>(list.peek()[0]?.number)
  const uploaded = signal<ReadonlyMap<number, number>>(new Map())
  const running = new Map<number, AbortController>()
  /** Each number is used once: what others keep of a call by its number is of no later one. */
  let lastNumber = list.peek()[0]?.number ?? 0

  effect(() => keep(list.value))
  function keep(calls: readonly MadeCall[]): void {
    try {
      if (calls.length === 0) storage.removeItem(storageKey)
      else storage.setItem(storageKey, writeCalls(calls))
    } catch {
      // The tab has no room for it: the history is then that of this page alone.
    }
  }

  onHandover(session, () => {
    for (const stop of running.values()) stop.abort()
    list.value = []
    shown.value = undefined
  })
  session.client.subscribe(client => {
    if (client) untracked(() => follow(client))
  })

  // One that was made while there was no connection gets the epoch of the first one.
  session.connection.subscribe(state => {
    if (state.at !== 'connected') return
    const { epoch } = state.welcome
    const calls = list.peek()
    const isMissing = (call: MadeCall): boolean => call.outcome.at === 'running' && call.epoch === undefined && running.has(call.number)
    if (calls.some(isMissing)) list.value = calls.map(call => (isMissing(call) ? { ...call, epoch } : call))
  })

  function follow(client: GatewayClient): void {
    for (const call of list.peek()) {
      if (call.outcome.at === 'running' && !running.has(call.number)) void run(call, stop => rejoin(client, call, stop))
    }
  }

  async function run(call: MadeCall, invoke: (stop: AbortSignal) => Promise<MadeCall['outcome'] & { at: 'answered' }>): Promise<void> {
    const stop = new AbortController()
    running.set(call.number, stop)
    let outcome: CallOutcome
    try {
      outcome = await invoke(stop.signal)
    } catch (error) {
      const told = error instanceof GatewayError ? error : new GatewayError('internal_error', String(error))
      outcome = { at: 'failed', error: told, elapsedMs: Math.max(0, now() - call.startedAt) }
    }
    running.delete(call.number)
    batch(() => {
      uploaded.value = new Map([...uploaded.peek()].filter(([number]) => number !== call.number))
      list.value = withoutLongResults(list.peek().map(each => (each.number === call.number ? { ...each, outcome } : each)))
    })
  }

  /** Makes a call for the first time; `sent`: its arguments, with what its data streams are made of. */
  async function begin(
    client: GatewayClient,
    call: MadeCall,
    sent: readonly unknown[],
    stop: AbortSignal,
  ): Promise<CallOutcome & { at: 'answered' }> {
    const startedMs = performance.now()
    const { agent, service, signature, key, timeoutMs, queueTimeoutMs } = call
    const result = await client.agent(agent).invoke(service, signature, sent, {
      signal: stop,
      digest: true,
      idempotencyKey: key,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(queueTimeoutMs === undefined ? {} : { queueTimeoutMs }),
      onProgress: ({ sentBytes, totalBytes = 0 }) => {
        uploaded.value = new Map(uploaded.peek()).set(call.number, totalBytes === 0 ? 1 : sentBytes / totalBytes)
      },
    })
    return { at: 'answered', result, elapsedMs: performance.now() - startedMs }
  }

  return {
    list,
    shown,
    uploaded,
    make: () => {
      const client = session.client.peek()
      const chosen = form.chosen.peek()
      if (!client || !chosen || !form.isReady.peek()) return
      const { agent, json, method } = chosen
      const timeoutMs = timeOf(form.deadline)
      const queueTimeoutMs = timeOf(form.queueDeadline)
      const args = form.args.peek()
      const startedAt = now()
      const { state } = client
      const call: MadeCall = {
        number: ++lastNumber,
        agent,
        service: json.contract.service,
        signature: signatureOf(method),
        args,
        shownArgs: args.map((arg, i) => withoutSecrets(json, method.params[i] ?? { type: 'object' }, arg)),
        ...(mayHoldSecret(json, method.result) ? { hidesResult: true } : {}),
        startedAt,
        timeoutMs,
        queueTimeoutMs,
        deadlineAt: timeoutMs === undefined ? undefined : startedAt + timeoutMs,
        key: form.onceKey.peek() || crypto.randomUUID(),
        epoch: state.at === 'connected' ? state.welcome.epoch : undefined,
        outcome: { at: 'running' },
      }
      batch(() => {
        list.value = [call, ...list.peek()].slice(0, keptCalls)
        shown.value = call.number
      })
      void run(call, stop => begin(client, call, sendable(json, method, args), stop))
    },
    cancel: number => running.get(number)?.abort(),
    reopen: call => {
      batch(() => {
        form.fill(call.args ? { ...draftOfCall(call), args: call.args } : draftOfCall(call))
        shown.value = call.number
      })
    },
    clear: () => {
      list.value = list.peek().filter(({ outcome }) => outcome.at === 'running')
      if (!list.peek().some(({ number }) => number === shown.peek())) shown.value = list.peek()[0]?.number
    },
  }
}

/**
 * Follows a call that ran when the page was left: it is joined where it runs still, and never made again. Where its arguments are gone, it is
 * asked what becomes of it.
 */
async function rejoin(client: GatewayClient, call: MadeCall, signal: AbortSignal): Promise<CallOutcome & { at: 'answered' }> {
  const { agent, service, signature: method, args, key: idempotencyKey, epoch, deadlineAt } = call
  if (epoch === undefined) throw forgotten('the page was left before there was a connection')
  const elapsed = (): number => Math.max(0, Date.now() - call.startedAt)
  for (;;) {
    const known = await client.callOutcome(idempotencyKey, { epoch, signal })
    switch (known.state) {
      case 'answered':
        return known.result
          ? { at: 'answered', result: known.result, elapsedMs: elapsed() }
          : {
              at: 'answered',
              result: { value: null, signature: method, activityId: '', durationMs: 0 },
              elapsedMs: elapsed(),
              dropped: 'stream',
            }
      case 'failed':
        throw GatewayError.fromResponse(known.error)
      case 'unknown':
        throw forgotten(forgottenWhy[known.reason])
      case 'running':
    }
    if (args && !args.some(holdsContent)) {
      const timeoutMs = deadlineAt === undefined ? {} : { timeoutMs: Math.max(1, deadlineAt - Date.now()) }
      const params = { agent, service, method, args: [...args], digest: true, idempotencyKey, epoch, ...timeoutMs }
      return { at: 'answered', result: await client.request('agent.invoke', params, { signal }), elapsedMs: elapsed() }
    }
    await pause(askAgainMs, signal)
  }
}

function timeOf({ ms }: TypedTime): number | undefined {
  const value = ms.peek()
  return value === 'invalid' ? undefined : value
}

/** Whether something in a value may stand for the content of a data stream, which is sent once. */
function holdsContent(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return streamContentOf(value) !== undefined || Object.values(value).some(holdsContent)
}

const forgottenWhy = {
  epoch: 'the gateway was started anew',
  lost: 'the gateway ended while it ran',
  key: 'it is over, and the gateway does not know any more how it ended',
} as const

function forgotten(why: string): GatewayError {
  return new GatewayError('outcome_unknown', `what became of this call is not known: ${why}`, { delivery: 'unknown' })
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(new GatewayError('cancelled', 'the call is not followed any more', { delivery: 'unknown' }))
    })
  })
}
