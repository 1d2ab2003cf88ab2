import type { ParameterNode } from '@halibut-gateway/schemas/contract'
import type { ErrorKind, InvokeParams, MethodName } from '@halibut-gateway/schemas/wire'
import { controlNotifications } from '@halibut-gateway/schemas/wire'
import type { CallOptions } from './agent-calls.ts'
import { checkTime, watchTimes, wireTime } from './deadlines.ts'
import { Epochs } from './epochs.ts'
import { closedError, encoded, GatewayError, tell } from './errors.ts'
import type { Logger, RequestInfo, RequestOutcome } from './hooks.ts'
import { Link } from './link.ts'
import type { RequestOptions, ResolvedOptions } from './options.ts'
import { type CallHooks, type PendingCall, PendingCalls } from './pending-calls.ts'
import { Reconnecting } from './reconnecting.ts'
import type { ClientState } from './state.ts'

/** The requests of a client from when they are made to their ends, with or without a connection. */
export class Requests {
  readonly epochs = new Epochs()
  readonly link: Link
  readonly connecting: Reconnecting
  readonly #pending = new PendingCalls()
  readonly #options: ResolvedOptions
  readonly #unsent = new Map<PendingCall, (epoch: string) => string>()

  constructor(options: ResolvedOptions, onState: (state: ClientState) => void) {
    this.#options = options
    this.link = new Link(this.#pending, () => this.#flush())
    this.connecting = new Reconnecting(options, this.link, state => {
      tell(() => options.hooks?.onState?.(state))
      // What it takes to go on with a session is for no log.
      const details = { ...state, welcome: undefined }
      this.#log(state.at === 'failed' ? 'error' : state.at === 'waiting' ? 'warn' : 'info', `connection ${state.at}`, details)
      onState(state)
      if (state.at === 'connected') this.#flush()
    })
  }

  /** Makes a request; the names of `parameters` are told to hooks. Throws where it cannot be made at all. */
  make(
    method: MethodName,
    params: object,
    options: CallOptions | RequestOptions,
    hooks: CallHooks = {},
    parameters?: readonly ParameterNode[],
  ): Promise<unknown> {
    const { signal, timeoutMs, queueTimeoutMs, cancel } = options as CallOptions
    checkTime('timeoutMs', timeoutMs)
    checkTime('queueTimeoutMs', queueTimeoutMs)
    if (this.connecting.state.at === 'closed') throw closedError()
    const text = encoded(() => JSON.stringify(params))
    const { agent, service, method: name, idempotencyKey: key, epoch: said, timeoutMs: told } = params as Partial<InvokeParams>
    const isCall = method === 'agent.invoke'
    const beganMs = performance.now()
    const { call, answer } = this.#pending.add(hooks)
    const { hooks: own, logger } = this.#options
    const info: RequestInfo | undefined =
      own || logger ? { method, agent, service, call: name, parameters: parameters?.map(each => each.name) } : undefined
    if (info) tell(() => own?.onRequest?.(info))
    const onAbort = (): void => this.#giveUp(call, cancel, 'cancelled', 'the call was cancelled', signal?.reason)
    const endTimes = watchTimes(
      { timeoutMs, queueTimeoutMs },
      () => call.sent,
      () => isCall && this.link.welcome !== undefined,
      ms => this.#giveUp(call, cancel, 'deadline_exceeded', `${call.sent ? 'no answer came' : 'the request was not sent'} within ${ms} ms`),
    )
    call.onEnded = error => {
      endTimes()
      this.#unsent.delete(call)
      signal?.removeEventListener('abort', onAbort)
      if (!info) return
      const outcome: RequestOutcome = { durationMs: performance.now() - beganMs, error }
      tell(() => own?.onOutcome?.(info, outcome))
      this.#log('debug', `request ${method}`, { ...info, ...outcome })
    }
    this.#unsent.set(call, epoch => {
      const of = key === undefined || said !== undefined ? '' : `,"epoch":"${this.epochs.first(key, epoch)}"`
      const leftMs = isCall && told === undefined && timeoutMs ? wireTime(timeoutMs - (performance.now() - beganMs)) : undefined
      const within = leftMs ? `,"timeoutMs":${leftMs}` : ''
      const trace = info?.traceparent ? `,"traceparent":${JSON.stringify(info.traceparent)}` : ''
      return `{"jsonrpc":"2.0","id":${call.id},"method":"${method}"${trace},"params":${text.slice(0, -1)}${of}${within}}}`
    })
    signal?.addEventListener('abort', onAbort)
    if (signal?.aborted) onAbort()
    else this.#flush()
    return answer
  }

  #giveUp(call: PendingCall, mode: CallOptions['cancel'], kind: ErrorKind, what: string, cause?: unknown): void {
    if (call.sent) this.link.notify(controlNotifications.cancel, { id: call.id, mode })
    const { outage, trouble } = this.connecting
    const delivery = call.sent ? 'unknown' : 'not_sent'
    call.settle(
      new GatewayError(kind, what + trouble, { delivery, cause: cause ?? outage?.why, advice: call.sent ? undefined : outage?.why.advice }),
    )
  }

  /** Sends what waits and what the gateway takes at a time, or sees to a connection. */
  #flush(): void {
    const { welcome } = this.link
    if (!welcome) {
      this.connecting.need()
      return
    }
    const { epoch, limits } = welcome
    for (const [call, textIn] of this.#unsent) {
      if (this.#pending.size - this.#pending.reading - this.#unsent.size >= limits.callsInFlight) return
      this.#unsent.delete(call)
      call.sent = true
      if (this.link.request(textIn(epoch))) call.hooks.onSent?.(call.id)
      else call.settle(new GatewayError('message_too_large', `a request may have ${limits.textBytes} bytes`))
    }
  }

  #log(level: keyof Logger, message: string, details: object): void {
    tell(() => this.#options.logger?.[level](message, details))
  }
}
