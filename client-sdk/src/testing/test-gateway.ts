import { signatureOf } from '@halibut-gateway/schemas/contract'
import {
  type InspectEvent,
  type InvokeParams,
  type InvokeResult,
  type MethodName,
  type ParamError,
  readArguments,
  traceparentPattern,
  type WatchItem,
  type WatchName,
} from '@halibut-gateway/schemas/wire'
import type { WebSocketFactory } from '../websocket.ts'
import type { SharedCall } from './shared-call.ts'
import { type TestAgent, TestAgents, type TestCallContext } from './test-agents.ts'
import { TestCalls } from './test-calls.ts'
import { misfit, TestError, toRpcError, toTestError } from './test-error.ts'
import { type Requester, TestSession } from './test-session.ts'
import { TestSocket } from './test-socket.ts'
import { type Digest, digestOf } from './test-streams.ts'

const traceContext = new RegExp(traceparentPattern)

/** A call that reached its agent. */
export interface TestCall {
  readonly agent: string
  readonly service: string
  /** The signature. */
  readonly method: string
  /** As the implementation got them. */
  readonly args: readonly unknown[]
  /** What a hook of the client put into the request. */
  readonly traceparent?: string | undefined
}

/** A gateway in memory, for tests of dashboards: `createClient({ url: 'http://test', webSocket: gateway.webSocket })`. */
export interface TestGateway {
  readonly webSocket: WebSocketFactory
  /** The calls that reached their agents, in order. */
  readonly calls: readonly TestCall[]
  /** Adds an agent. Throws where the id is taken. */
  agent(id: string): TestAgent
  /** Lets the next `times` calls (default 1) fail, before they reach their agent. */
  fail(error: TestError, times?: number): void
  /** Lets every answer of an agent wait. Milliseconds; 0 ends it. */
  delay(ms: number): void
  /** Tells every `watchMesh` of something on the connections to agents: nothing happens there by itself. */
  inspect(event: InspectEvent): void
  /** Cuts every socket. Their sessions go on when the clients come back. */
  cut(): void
  /** Forgets every session and every idempotency key, and cuts every socket: what was under way is lost, as after a restart. */
  restart(): void
}

/** Makes a gateway without agents. */
export function createTestGateway(): TestGateway {
  const sessions = new Map<string, TestSession>()
  const tell = <M extends WatchName>(method: M, item: WatchItem<M>): void => {
    for (const session of sessions.values()) session.tell(method, item)
  }
  const agents = new TestAgents(event => tell('agents.watch', event))
  const calls = new TestCalls(event => tell('calls.watch', event))
  const reached: TestCall[] = []
  const failures: TestError[] = []
  let delayMs = 0

  /** Calls an agent: checks the arguments, waits for it, runs the implementation, checks the result. */
  const invoke = async (
    { agent, service: name, method, args: given, digest = false, ...times }: InvokeParams,
    { session, traceparent, signal }: Requester,
    call: SharedCall<InvokeResult>,
  ): Promise<InvokeResult> => {
    const service = agents.service(agent, name)
    const methods = service.json.find(method)
    if (methods.length === 0) {
      const got = JSON.stringify(method)
      const candidates = service.json.contract.methods.map(signatureOf)
      throw misfit(`${name} has no method ${got}`, [{ path: '/method', expected: `a method of ${name}`, got }], candidates)
    }
    const overload = readArguments(service.json, methods, given, '/args', handle => handle)
    if (!overload.fitting) throw misfit(`the arguments do not fit a ${method}`, overload.errors, overload.candidates)
    const planned = failures.shift()
    if (planned) throw planned
    const { fitting: found } = overload
    const signature = signatureOf(found)
    const record = calls.begin({ agent, service: name, method: signature })
    let answered = (): void => undefined
    try {
      const late = (ms: number | undefined) => (): TestError =>
        call.hasBegun
          ? new TestError('deadline_exceeded', `the agent did not answer within ${ms} ms`, 'unknown')
          : new TestError('deadline_exceeded', `the agent did not take the request within ${ms} ms`, 'not_sent')
      answered = call.limit(times.timeoutMs, late(times.timeoutMs))
      const inTime = call.limit(times.queueTimeoutMs, late(times.queueTimeoutMs))
      const uploads = await call.unlessStopped(session.streams.uploads(given))
      await agents.taken(agent, call).finally(inTime)
      call.begun(found.cancel ?? (agents.snapshot(agent).mode === 'polling' ? 'skip' : 'kill'))
      record.running()
      const errors: ParamError[] = []
      const args = found.params.map((param, i) =>
        service.json.read(param, given[i], `/args/${i}`, errors, ({ $stream }) => uploads.get($stream)),
      )
      reached.push({ agent, service: name, method: signature, args, ...(traceparent === undefined ? {} : { traceparent }) })
      const { [signature]: bySignature, [found.name]: byName } = service.implementation
      const context: TestCallContext = { signal: call.signal }
      const returned = await call.unlessStopped(answer(() => (bySignature ?? byName)?.(...args, context), delayMs))
      const value = service.json.write(found.result, returned, '/value', errors, bytes => {
        if (!(bytes instanceof Uint8Array)) return undefined
        if (signal.aborted) throw new TestError('stream_consumed', 'who made the call does not wait for its data streams any more')
        return session.streams.download(bytes, digest)
      })
      if (errors[0])
        throw new TestError('serialization_failed', `the result does not fit: ${errors[0].path}: expected ${errors[0].expected}`)
      const { activityId } = record.snapshot
      return {
        value: value ?? null,
        signature,
        activityId,
        durationMs: record.ended(),
        ...(digest ? { uploads: await digestsOf(uploads, digest) } : {}),
      }
    } catch (why) {
      record.ended(toTestError(why))
      throw why
    } finally {
      answered()
    }
  }

  const handle = async (method: MethodName | 'unknown', params: unknown, requester: Requester): Promise<unknown> => {
    switch (method) {
      case 'agents.list':
        return { agents: agents.snapshots() }
      case 'agents.get':
        return { agent: agents.snapshot((params as { agent: string }).agent) }
      case 'agents.watch':
        return requester.session.watch(method, { type: 'snapshot', agents: agents.snapshots() }, requester)
      case 'agent.invoke': {
        const asked = params as InvokeParams
        return calls.run(asked, requester, call => invoke(asked, requester, call))
      }
      case 'calls.get': {
        const { idempotencyKey, epoch } = params as { idempotencyKey: string; epoch: string }
        return calls.outcome(idempotencyKey, epoch)
      }
      case 'calls.watch':
        return requester.session.watch(method, calls.snapshot(), requester)
      case 'inspect.watch':
        return requester.session.watch(method, undefined, requester)
      case 'contracts.get': {
        const contract = agents.contract((params as { service: string }).service)
        const { service, methods } = contract
        return { contract, entry: { service, methods: methods.map(signatureOf), version: '1', readOnly: true } }
      }
      default:
        throw new TestError('unknown_method', `a gateway in memory has no method ${method}`, 'not_sent')
    }
  }

  return {
    calls: reached,
    webSocket: () =>
      new TestSocket(
        sessions,
        () =>
          new TestSession(calls.epoch, async (method, params, requester) => {
            const { traceparent } = requester
            if (traceparent !== undefined && !traceContext.test(traceparent)) {
              return { error: toRpcError(new TestError('invalid_request', `${traceparent} is no trace context of version 00`, 'not_sent')) }
            }
            try {
              return { result: await handle(method as MethodName, params, requester) }
            } catch (error) {
              return { error: toRpcError(error, traceparent) }
            }
          }),
      ),
    agent: id => agents.add(id),
    fail: (error, times = 1) => {
      for (let i = 0; i < times; i++) failures.push(error)
    },
    delay: ms => {
      delayMs = ms
    },
    inspect: event => tell('inspect.watch', event),
    cut: () => {
      for (const session of sessions.values()) session.cut()
    },
    restart: () => {
      calls.restart()
      const lost = [...sessions.values()]
      sessions.clear()
      for (const session of lost) session.end()
    },
  }
}

/** What an implementation answers, some time after it did. */
async function answer(run: () => unknown, delayMs: number): Promise<unknown> {
  const returned = await run()
  if (delayMs > 0) await new Promise(resolve => setTimeout(resolve, delayMs))
  return returned
}

async function digestsOf(uploads: ReadonlyMap<number, Uint8Array>, wanted: Digest): Promise<NonNullable<InvokeResult['uploads']>> {
  const told = async ([stream, bytes]: [number, Uint8Array]) => ({ stream, length: bytes.byteLength, ...(await digestOf(bytes, wanted)) })
  return Promise.all([...uploads].map(told))
}
