import { type Contract, checkContract, type ServiceImplementation, signatureOf } from '@halibut-gateway/schemas/contract'
import {
  type AgentSnapshot,
  type ContractJson,
  contractJson,
  type Delivery,
  type ErrorData,
  type ErrorKind,
  errorTable,
  type InvokeParams,
  type InvokeResult,
  type ParamError,
  type RpcError,
  readArguments,
} from '@halibut-gateway/schemas/wire'
import type { WebSocketFactory } from '../websocket.ts'
import { TestSession, TestSocket } from './test-session.ts'

/** What a test agent’s method hears beside its arguments. */
export interface TestCallContext {
  /** Aborted when the client cancels the call. */
  readonly signal: AbortSignal
}

/** What stands for an agent’s service: a function for each method of the contract. A data stream is its bytes, both ways. */
export type TestImplementation<C extends Contract> = ServiceImplementation<C, Uint8Array, TestCallContext>

/** An agent of a test. */
export interface TestAgent {
  /** Adds a service. Throws where the contract is not acceptable. */
  service<const C extends Contract>(contract: C, implementation: TestImplementation<C>): TestAgent
  /** Changes what `agents.list` and `agents.watch` tell. */
  set(changes: Partial<Pick<AgentSnapshot, 'name' | 'mode' | 'state' | 'reason' | 'connections' | 'roundTripMs'>>): TestAgent
  /** Takes the agent away. */
  remove(): void
}

/** A call that came in. */
export interface TestCall {
  readonly agent: string
  readonly service: string
  /** The signature. */
  readonly method: string
  /** As the implementation got them. */
  readonly args: readonly unknown[]
}

/** Thrown by an implementation, or given to {@link TestGateway.fail}: ends the call as this kind. */
export class TestError extends Error {
  readonly kind: ErrorKind
  readonly delivery: Delivery

  constructor(kind: ErrorKind, message: string, delivery: Delivery = 'executed') {
    super(message)
    this.kind = kind
    this.delivery = delivery
  }
}

/** A gateway in memory, for tests of dashboards: `createClient({ url: 'http://test', webSocket: gateway.webSocket })`. */
export interface TestGateway {
  readonly webSocket: WebSocketFactory
  /** The calls that came in, in order. */
  readonly calls: readonly TestCall[]
  /** Adds an agent. Throws where the id is taken. */
  agent(id: string): TestAgent
  /** Lets the next `times` calls (default 1) fail, before they reach their agent. */
  fail(error: TestError, times?: number): void
  /** Lets every answer of an agent wait. Milliseconds; 0 ends it. */
  delay(ms: number): void
  /** Cuts every socket. Their sessions go on when the clients come back. */
  cut(): void
  /** Forgets every session, and cuts every socket: what was under way is lost, as after a restart. */
  restart(): void
}

interface Service {
  readonly json: ContractJson
  readonly implementation: Readonly<Record<string, (...args: unknown[]) => unknown>>
}

interface Agent {
  snapshot: AgentSnapshot
  readonly services: Map<string, Service>
}

/** Makes a gateway without agents. */
export function createTestGateway(): TestGateway {
  const agents = new Map<string, Agent>()
  const calls: TestCall[] = []
  const sessions = new Map<string, TestSession>()
  const failures: TestError[] = []
  let delayMs = 0
  let epoch = 1

  const tell = (item: unknown): void => {
    for (const session of sessions.values()) session.tell('agents.watch', item)
  }

  const invoke = async (params: InvokeParams, session: TestSession, signal: AbortSignal): Promise<InvokeResult> => {
    const agent = agents.get(params.agent)
    if (!agent) throw new TestError('agent_not_found', `there is no agent ${params.agent}`, 'not_sent')
    const service = agent.services.get(params.service)
    if (!service) throw new TestError('service_not_found', `the agent ${params.agent} has no service ${params.service}`, 'not_sent')
    const overload = readArguments(service.json, service.json.find(params.method), params.args, '/args', handle => handle)
    if (!overload.found) throw misfit(params.method, overload.errors, overload.candidates)
    const planned = failures.shift()
    if (planned) throw planned
    const { found } = overload
    const errors: ParamError[] = []
    const uploads = await session.uploads(params.args)
    const args = found.params.map((param, i) =>
      service.json.read(param.type, params.args[i], `/args/${i}`, errors, ({ $stream }) => uploads.get($stream)),
    )
    const signature = signatureOf(found)
    calls.push({ agent: params.agent, service: params.service, method: signature, args })
    const { [signature]: bySignature, [found.name]: byName } = service.implementation
    const startedAt = performance.now()
    const returned = await (bySignature ?? byName)?.(...args, { signal } satisfies TestCallContext)
    if (delayMs > 0) await pause(delayMs, signal)
    const value = service.json.write(found.result, returned, '/value', errors, bytes =>
      bytes instanceof Uint8Array ? session.download(bytes) : undefined,
    )
    if (errors[0]) throw new TestError('serialization_failed', `the result does not fit: ${errors[0].path}: expected ${errors[0].expected}`)
    return { value: value ?? null, signature, activityId: `test-${calls.length}`, durationMs: performance.now() - startedAt }
  }

  const handle = async (method: string, params: unknown, session: TestSession, signal: AbortSignal): Promise<unknown> => {
    switch (method) {
      case 'agents.list':
        return { agents: [...agents.values()].map(({ snapshot }) => snapshot) }
      case 'agents.get': {
        const { agent: id } = params as { agent: string }
        const agent = agents.get(id)
        if (!agent) throw new TestError('agent_not_found', `there is no agent ${id}`, 'not_sent')
        return { agent: agent.snapshot }
      }
      case 'agents.watch':
        return session.watch(method, { type: 'snapshot', agents: [...agents.values()].map(({ snapshot }) => snapshot) }, signal)
      case 'agent.invoke':
        return invoke(params as InvokeParams, session, signal)
      case 'contracts.get': {
        const { service } = params as { service: string }
        for (const agent of agents.values()) {
          const found = agent.services.get(service)
          if (found) return { contract: found.json.contract }
        }
        throw new TestError('service_not_found', `no contract is known for ${service}`, 'not_sent')
      }
      default:
        throw new TestError('unknown_method', `a gateway in memory has no method ${method}`, 'not_sent')
    }
  }

  return {
    calls,
    webSocket: () =>
      new TestSocket(
        sessions,
        () =>
          new TestSession(`epoch ${epoch}`, async (method, params, session, signal) => {
            try {
              return { result: await handle(method, params, session, signal) }
            } catch (error) {
              return { error: toRpcError(error, signal) }
            }
          }),
      ),
    agent: id => {
      if (agents.has(id)) throw new Error(`there is an agent ${id} already`)
      const agent: Agent = { snapshot: firstSnapshot(id), services: new Map() }
      agents.set(id, agent)
      tell({ type: 'changed', agent: agent.snapshot })
      const handleOfAgent: TestAgent = {
        service: (contract, implementation) => {
          const check = checkContract(contract)
          if (!check.ok)
            throw new Error(`the contract is not acceptable: ${check.issues.map(issue => `${issue.place} ${issue.message}`).join('; ')}`)
          agent.services.set(contract.service, {
            json: contractJson(contract),
            implementation: implementation as unknown as Service['implementation'],
          })
          return handleOfAgent.set({})
        },
        set: changes => {
          agent.snapshot = { ...agent.snapshot, ...changes, services: [...agent.services.keys()], since: new Date().toISOString() }
          tell({ type: 'changed', agent: agent.snapshot })
          return handleOfAgent
        },
        remove: () => {
          agents.delete(id)
          tell({ type: 'removed', id })
        },
      }
      return handleOfAgent
    },
    fail: (error, times = 1) => {
      for (let i = 0; i < times; i++) failures.push(error)
    },
    delay: ms => {
      delayMs = ms
    },
    cut: () => {
      for (const session of sessions.values()) session.cut()
    },
    restart: () => {
      epoch++
      const lost = [...sessions.values()]
      sessions.clear()
      for (const session of lost) session.cut()
    },
  }
}

function firstSnapshot(id: string): AgentSnapshot {
  return {
    id,
    name: id,
    mode: 'listening',
    uri: 'https://test.invalid:10933/',
    thumbprint: '0'.repeat(40),
    state: 'connected',
    since: new Date().toISOString(),
    reason: 'it is a test',
    connections: 1,
    services: [],
  }
}

/** `invalid_params`, with its places. */
class Misfit extends TestError {
  readonly data: Pick<ErrorData, 'errors' | 'candidates'>

  constructor(message: string, data: Pick<ErrorData, 'errors' | 'candidates'>) {
    super('invalid_params', message, 'not_sent')
    this.data = data
  }
}

function misfit(method: string, errors: readonly ParamError[], candidates: readonly string[]): Misfit {
  const [first] = errors
  const why = first ? `${first.path}: expected ${first.expected}, got ${first.got}` : `no overload of ${method} is decided by them`
  return new Misfit(`the arguments of ${method} do not fit: ${why}`, { errors, candidates })
}

function toRpcError(thrown: unknown, signal: AbortSignal): RpcError {
  const error = signal.aborted ? new TestError('cancelled', 'the caller cancelled the call', 'unknown') : asTestError(thrown)
  const { kind, delivery, message } = error
  return {
    code: errorTable[kind].number,
    message,
    data: {
      kind,
      delivery,
      retryable: errorTable[kind].retryable && delivery === 'not_sent',
      traceId: '0'.repeat(32),
      advice: errorTable[kind].advice,
      ...(error instanceof Misfit ? error.data : {}),
      ...(kind === 'service_failed' ? { remote: { message } } : {}),
    },
  }
}

/** What else an implementation throws is a failure of the agent’s service. */
function asTestError(thrown: unknown): TestError {
  return thrown instanceof TestError ? thrown : new TestError('service_failed', thrown instanceof Error ? thrown.message : String(thrown))
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(signal.reason)
    })
  })
}
