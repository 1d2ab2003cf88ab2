import { randomUUID } from 'node:crypto'
import type { InvokeParams, InvokeResult } from '@halibut-gateway/schemas'
import { type MethodNode, signatureOf } from '@halibut-gateway/schemas/contract'
import {
  type ContractJson,
  chooseOverload,
  facadeLimits,
  hasStream,
  type Overload,
  type ParamError,
  readArguments,
  tryArguments,
} from '@halibut-gateway/schemas/wire'
import type { Access } from '../../access/access.ts'
import { ownerOf } from '../../access/principal.ts'
import { HalibutError } from '../../base/errors.ts'
import type { MemoryCharge } from '../../base/memory-charge.ts'
import { Turns } from '../../base/turns.ts'
import { UnfitResultError } from '../../base/unfit-result.ts'
import { UnfitValueError } from '../../base/unfit-value.ts'
import type { Agent, AgentDirectory } from '../../fleet/agent-directory.ts'
import type { ContractDirectory } from '../../fleet/contract-directory.ts'
import type { Mesh, MeshCall } from '../../fleet/mesh.ts'
import { DataStream } from '../../runtime/data-streams.ts'
import { requireCall } from '../agent-sight.ts'
import { announcedStreams } from '../announced-streams.ts'
import { callAgain, isLostOnTheWay } from '../call-again.ts'
import type { CallContext } from '../call-context.ts'
import type { CallRegistry } from '../call-registry.ts'
import type { CallStreams, OfferStream } from '../call-streams.ts'
import { discardStreams } from '../discard-streams.ts'
import { toHalibutError } from '../error-map.ts'
import { consumed, type KeptCalls } from '../kept-calls.ts'
import { ParamsError } from '../params-error.ts'
import { PutOffItems } from '../put-off.ts'
import { methodName } from '../rule-target.ts'
import type { Handlers } from '../run.ts'
import type { Waiter } from '../shared-call.ts'
import { unfitArgument } from '../unfit-argument.ts'
import { readUntyped, writeUntyped } from '../untyped-json.ts'
import { type Deadlines, takeUploads, timeLeft } from '../upload-times.ts'
import { answered, failed, withWhereabouts } from '../whereabouts.ts'

/** What calls to agents are made with. */
export interface InvokeOptions {
  readonly access: Access
  readonly directory: AgentDirectory
  readonly contracts: ContractDirectory
  readonly mesh: Mesh
  readonly registry: CallRegistry
  readonly kept: KeptCalls
}

/** A method as it is called: by contract, or by its name alone. */
interface Target {
  /** The contract and the method in it. */
  readonly typed: { readonly json: ContractJson; readonly method: MethodNode } | undefined
  /** The signature; the name alone without a contract. */
  readonly method: string
  readonly args: unknown[]
}

/** The method that calls an agent: checks and reads the arguments by contract, calls, checks and writes the result. */
export function agentInvokeMethods(options: InvokeOptions): Pick<Handlers, 'agent.invoke'> {
  const { access, contracts, directory, kept } = options
  return {
    'agent.invoke': (params, context) => {
      const service = contracts.get(params.service, params.agent)?.contract.service ?? params.service
      const method = methodName(params.method)
      requireCall(access, context.principal, directory, { agent: params.agent, service, method })
      const agent = directory.require(params.agent)
      if (agent.state.at === 'disabled') throw disabled(params.agent)
      if (params.idempotencyKey === undefined) return invoke(options, agent, params, context, context)
      const once = async (): Promise<InvokeResult> => {
        const answer = await kept.run(ownerOf(context.principal), params, context, async call => {
          let holdsStreams = false
          // That its key is kept first is a part of its time.
          const due = withTimes(params, timeLeft(params, performance.now() - context.receivedMs))
          const result = await invoke(options, agent, due, context, call, () => {
            // A call goes on without the request that began it where others wait for it; they cannot have its data streams.
            if (context.signal.aborted) throw consumed()
            holdsStreams = true
          })
          return { result, holdsStreams }
        })
        // Another request may have made it.
        context.name(answer.activityId)
        return answer
      }
      return context.isLong ? new Turns().next().then(once) : once()
    },
  }
}

/** `onStream`: before a data stream of the result gets its handle. */
async function invoke(
  { contracts, mesh, directory, registry }: InvokeOptions,
  agent: Agent,
  params: InvokeParams,
  context: CallContext,
  waiter: Waiter,
  onStream?: () => void,
): Promise<InvokeResult> {
  const { streams } = context
  if (params.digest) streams.wantDigest(params.digest === 'sha1' ? 'sha1' : 'sha256')
  const whole = takeUploads(streams, params)
  const { timeoutMs, queueTimeoutMs } = whole ? await whole : params
  const target = context.isLong ? await targetInTurns(contracts, params, streams, waiter.signal) : targetOf(contracts, params, streams)
  if (!streams.isPossible) refuseStreams(target)
  let activityId: string = randomUUID()
  context.name(activityId)
  // The first of its names.
  const service = target.typed?.json.contract.service ?? params.service
  // A polling agent whose connection is ended is away for seconds, and everybody’s calls with it.
  const cancel = target.typed?.method.cancel ?? (agent.mode === 'polling' ? 'skip' : 'kill')
  const subject = { activityId, agent: params.agent, service, method: target.method, principal: context.principal.name }
  // The time of uploads without a length is no waiting for a connection.
  const way = {
    mode: agent.mode,
    isByContract: target.typed !== undefined,
    caller: context.caller,
    principal: context.principal,
    idempotencyKey: params.idempotencyKey,
    request: context,
  }
  const startedMs = whole ? performance.now() : context.receivedMs
  const call = registry.begin(subject, startedMs, way, context.span?.beginCall(subject, way, startedMs))
  let charge: MemoryCharge | undefined
  const request: MeshCall = {
    endpoint: agent.endpoint,
    contract: target.typed?.json.contract,
    service,
    method: target.method,
    args: target.args,
    signal: waiter.signal,
    activityId,
    caller: context.caller,
    onSending: () => {
      call.sent()
      waiter.begun(cancel)
    },
    timeoutMs: withinADay(timeoutMs),
    queueTimeoutMs: withinADay(queueTimeoutMs),
    onCharge: taken => {
      charge = taken
    },
    onStep: call.onStep,
  }
  try {
    let result: unknown
    try {
      const answer = mesh.call(request)
      call.waits()
      result = await answer
    } catch (why) {
      if (!target.typed?.method.idempotent || !isLostOnTheWay(why) || !mayGoOn(directory, params, waiter)) throw why
      ;({ result, activityId } = await callAgain(mesh, request, call, why))
      context.name(activityId)
    }
    const offer: OfferStream = stream => {
      onStream?.()
      return streams.offer(stream)
    }
    const value = await writeResult(target, result, offer, waiter.signal)
    const durationMs = call.ended()
    answered(directory, agent)
    const { phases } = call
    const answer: InvokeResult = { value, signature: target.method, activityId, durationMs, ...(phases && { phases }) }
    return params.digest ? { ...answer, uploads: streams.uploads() } : answer
  } catch (thrown) {
    const why = thrown instanceof UnfitValueError ? unfitArgument(thrown, params.method, params.args, target.args, target.typed) : thrown
    const error = toHalibutError(why)
    failed(directory, agent, error)
    const told = withWhereabouts(error, directory.get(params.agent))
    call.ended(told)
    if (call.phases) context.took(call.phases)
    throw told
  } finally {
    charge?.release()
  }
}

function targetOf(contracts: ContractDirectory, params: InvokeParams, streams: CallStreams): Target {
  const json = contracts.get(params.service, params.agent)
  if (json) return typedTarget(json, params, streams)
  const { method } = params
  if (!/^[^()\s]+$/.test(method)) {
    throw new ParamsError(`the gateway knows no contract for ${params.service}, so a method is called by its name alone`, [
      { path: '/method', expected: 'a name without a signature', got: shown(method) },
    ])
  }
  const errors: ParamError[] = []
  const args = params.args.map((arg, i) => readUntyped(arg, `/args/${i}`, errors, streams))
  refuseMisfits(method, errors, [])
  return { typed: undefined, method, args }
}

/** {@link targetOf} for arguments that may be many: they are read in slices, and others have their turn before, between and after them. */
async function targetInTurns(
  contracts: ContractDirectory,
  params: InvokeParams,
  streams: CallStreams,
  signal: AbortSignal,
): Promise<Target> {
  const turns = new Turns()
  await turns.next()
  const json = contracts.get(params.service, params.agent)
  let target: Target
  if (json) {
    const rest = new PutOffItems()
    const tried = tryArguments(json, methodsOf(json, params), params.args, '/args', handle => streams.accept(handle), rest.putOff)
    await rest.run(() => signal.throwIfAborted())
    target = decided(json, params, chooseOverload(tried))
  } else target = targetOf(contracts, params, streams)
  await turns.next()
  signal.throwIfAborted()
  return target
}

function typedTarget(json: ContractJson, params: InvokeParams, streams: CallStreams): Target {
  return decided(
    json,
    params,
    readArguments(json, methodsOf(json, params), params.args, '/args', handle => streams.accept(handle)),
  )
}

function methodsOf(json: ContractJson, { service, method }: InvokeParams): readonly MethodNode[] {
  const methods = json.find(method)
  if (methods.length > 0) return methods
  throw new ParamsError(
    `${service} has no method ${shown(method)}`,
    [{ path: '/method', expected: `a method of ${service}`, got: shown(method) }],
    json.contract.methods.map(signatureOf),
  )
}

function shown(method: string): string {
  return JSON.stringify(method.slice(0, 100))
}

function decided(json: ContractJson, params: InvokeParams, overload: Overload): Target {
  if (!overload.fitting) {
    refuseMisfits(params.method, overload.errors, overload.candidates)
    throw new ParamsError(
      `the arguments do not decide which ${params.method} is meant; name one of ${overload.candidates.join(', ')}`,
      [{ path: '/method', expected: 'a signature', got: shown(params.method) }],
      overload.candidates,
    )
  }
  const { fitting: method, args } = overload
  return { typed: { json, method }, method: signatureOf(method), args }
}

function refuseMisfits(method: string, errors: readonly ParamError[], candidates: readonly string[]): void {
  const first = errors[0]
  if (!first) return
  throw new ParamsError(
    `the arguments of ${method} do not fit: ${first.path}: expected ${first.expected}, got ${first.got}`,
    errors,
    candidates,
  )
}

/** A promise where the result is so large that it is written in slices. */
function writeResult({ typed }: Target, result: unknown, offer: OfferStream, signal: AbortSignal): unknown {
  const errors: ParamError[] = []
  const rest = new PutOffItems()
  const checked = (value: unknown): unknown => {
    const first = errors[0]
    if (!first) return value ?? null
    const what = `the result does not fit the contract: ${first.path}: expected ${first.expected}, got ${first.got}`
    throw new UnfitResultError(new HalibutError('serialization_failed', what, { phase: 'response', delivery: 'executed' }), result)
  }
  const failed = async (why: unknown): Promise<never> => {
    await discardStreams(result)
    throw why
  }
  try {
    const value = typed
      ? typed.json.write(
          typed.method.result,
          result,
          '/value',
          errors,
          each => (each instanceof DataStream ? offer(each) : undefined),
          rest.putOff,
        )
      : writeUntyped(result, '/value', errors, offer, rest.putOff)
    if (!rest.waiting) return checked(value)
    const goesOn = (): void => {
      if (signal.aborted) throw toHalibutError(signal.reason).with({ phase: 'response', delivery: 'executed' })
      checked(undefined)
    }
    return rest
      .run(goesOn)
      .then(() => checked(value))
      .catch(failed)
  } catch (why) {
    return failed(why)
  }
}

/** Before anything is sent: the call would run, and its result could not be told. */
function refuseStreams({ typed }: Target): void {
  if (!typed || !hasStream(typed.json.contract, typed.method.result)) return
  throw new HalibutError('invalid_request', `${typed.method.name} answers with a data stream, which cannot travel over HTTP`, {
    advice: 'call it over the WebSocket, as the SDK does',
  })
}

function withTimes(params: InvokeParams, { timeoutMs, queueTimeoutMs }: Deadlines): InvokeParams {
  return { ...params, ...(timeoutMs !== undefined && { timeoutMs }), ...(queueTimeoutMs !== undefined && { queueTimeoutMs }) }
}

function withinADay(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.min(ms, facadeLimits.deadlineMs)
}

function disabled(id: string): HalibutError {
  return new HalibutError('agent_unavailable', `the agent ${id} is disabled`, { retryable: false, advice: 'enable the agent first' })
}

/** Whether a call may be made once more now: somebody waits for it, its agent is there, and all of its arguments are. */
function mayGoOn(directory: AgentDirectory, params: InvokeParams, waiter: Waiter): boolean {
  const agent = directory.get(params.agent)
  return !waiter.signal.aborted && agent !== undefined && agent.state.at !== 'disabled' && announcedStreams(params).length === 0
}
