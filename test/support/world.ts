import { method, type ServiceClient, service, string } from '@halibut-gateway/schemas/contract'
import { HalibutError } from '../../server/src/base/errors.ts'
import type { Limits } from '../../server/src/base/limits.ts'
import type { DataStream } from '../../server/src/codec/data-stream.ts'
import type { CallTimes } from '../../server/src/runtime/call-deadline.ts'
import type { Certificate } from '../../server/src/runtime/certificates.ts'
import type { EndpointInput } from '../../server/src/runtime/endpoint.ts'
import type { LogEvent } from '../../server/src/runtime/event-log.ts'
import type { RuntimeOptions } from '../../server/src/runtime/options.ts'
import { HalibutRuntime } from '../../server/src/runtime/runtime.ts'
import { testIdentity } from './certificates.ts'
import { dialRaw, listenRaw, type RawDialOptions, type RawListener, type RawListenOptions, type RawPeer } from './raw-peer.ts'
import { calculatorService, echoService } from './sample-contracts.ts'
import { addSampleServices } from './sample-services.ts'

/** The smallest contract there is. */
export const echo = service('IEchoService', { SayHello: method([['name', string]], string) })

/** Pauses that are seconds by default, and that no test waits for. */
const quickLimits: Partial<Limits> = {
  retryListeningSleepIntervalMs: 10,
  pollingReconnectMinMs: 5,
  pollingReconnectMaxMs: 20,
  // Many tests close what still runs.
  drainMs: 0,
}

/** A runtime with the identity of that name and quick limits. */
export function createRuntime(name: string, options: Partial<RuntimeOptions> = {}): HalibutRuntime {
  return new HalibutRuntime({ certificate: testIdentity(name), ...options, limits: { ...quickLimits, ...options.limits } })
}

/** Everything a runtime logs from now on. */
export function collectLog(runtime: HalibutRuntime): LogEvent[] {
  const events: LogEvent[] = []
  runtime.on('log', event => events.push(event))
  return events
}

/** Resolves with the next log event that fits. */
export function nextLog(runtime: HalibutRuntime, fits: (event: LogEvent) => boolean): Promise<LogEvent> {
  return new Promise(resolve => {
    const stop = runtime.on('log', event => {
      if (!fits(event)) return
      stop()
      resolve(event)
    })
  })
}

/** How often the runtime dialled, by its log. */
export function dialCount(log: readonly LogEvent[]): number {
  return log.filter(event => event.type === 'OpeningNewConnection').length
}

export interface WorldOptions {
  /** Default: a listening agent. `connections` (default 1) is for a polling one. */
  readonly agent?: Partial<RuntimeOptions> & { readonly mode?: 'listening' | 'polling'; readonly connections?: number }
  readonly client?: Partial<RuntimeOptions>
  /** For both, below what each has of its own. */
  readonly limits?: Partial<Limits>
  /** What the agent hosts. Default: the sample services. */
  readonly host?: (agent: HalibutRuntime) => void
}

/** A client and an agent that can reach each other. */
export interface World extends AsyncDisposable {
  readonly client: HalibutRuntime
  readonly agent: HalibutRuntime
  /** Where the client finds the agent. */
  readonly endpoint: { readonly uri: string; readonly thumbprint: string }
  readonly calculator: ServiceClient<typeof calculatorService, DataStream, CallTimes>
  readonly echo: ServiceClient<typeof echoService, DataStream, CallTimes>
}

/** Two runtimes on this machine. A polling agent’s connections are up when this resolves. */
export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const { mode = 'listening', connections = 1, ...agentOptions } = options.agent ?? {}
  const client = createRuntime('client', {
    trust: [testIdentity('agent').thumbprint],
    ...options.client,
    limits: { ...options.limits, ...options.client?.limits },
  })
  const agent = createRuntime('agent', {
    trust: [client.thumbprint],
    ...agentOptions,
    limits: { ...options.limits, ...agentOptions.limits },
  })
  if (options.host) options.host(agent)
  else addSampleServices((contract, implementation, serviceOptions) => agent.addService(contract, implementation, serviceOptions))
  let uri = 'poll://agent/'
  if (mode === 'listening') {
    uri = `https://localhost:${(await agent.listen()).port}/`
  } else {
    const { port } = await client.listen()
    const connected = new Promise<void>(resolve => {
      let count = 0
      client.on('subscriberConnected', () => {
        if (++count === connections) resolve()
      })
    })
    agent.poll({ subscription: uri, endpoint: { uri: `https://localhost:${port}/`, thumbprint: client.thumbprint }, connections })
    await connected
  }
  const endpoint = { uri, thumbprint: agent.thumbprint }
  return {
    client,
    agent,
    endpoint,
    calculator: client.createClient(calculatorService, endpoint),
    echo: client.createClient(echoService, endpoint),
    async [Symbol.asyncDispose]() {
      await client.close()
      await agent.close()
    },
  }
}

/** A runtime that hosts {@link echo} on a port and trusts the identity `caller`; scripted peers call it. */
export interface EchoService extends AsyncDisposable {
  readonly runtime: HalibutRuntime
  readonly port: number
  /** Dials it with the certificate of `caller`. */
  dial(options?: RawDialOptions): Promise<RawPeer>
}

export async function createEchoService(options: Partial<RuntimeOptions> = {}): Promise<EchoService> {
  const caller = testIdentity('caller')
  const runtime = createRuntime('service', { trust: [caller.thumbprint], ...options })
  runtime.addService(echo, { SayHello: name => `${name}...` })
  const { port } = await runtime.listen()
  return {
    runtime,
    port,
    dial: dialOptions => dialRaw(port, { certificate: caller, ...dialOptions }),
    [Symbol.asyncDispose]: () => runtime.close(),
  }
}

/** A runtime that calls, and the scripted listening agent it calls. */
export interface ScriptedAgent extends AsyncDisposable {
  readonly runtime: HalibutRuntime
  readonly log: readonly LogEvent[]
  readonly listener: RawListener
  readonly endpoint: { readonly uri: string; readonly thumbprint: string }
  sayHello(options?: CallTimes & { readonly endpoint?: EndpointInput }): Promise<unknown>
}

export async function createScriptedAgent(
  options: Partial<RuntimeOptions> & {
    readonly script?: RawListenOptions['onConnection']
    readonly listen?: Partial<RawListenOptions> & { readonly certificate?: Certificate }
  } = {},
): Promise<ScriptedAgent> {
  const { script, listen, ...runtimeOptions } = options
  const certificate = listen?.certificate ?? testIdentity('agent')
  const listener = await listenRaw({ certificate, ...listen, ...(script && { onConnection: script }) })
  const runtime = createRuntime('caller', runtimeOptions)
  const endpoint = { uri: `https://localhost:${listener.port}/`, thumbprint: certificate.thumbprint }
  return {
    runtime,
    log: collectLog(runtime),
    listener,
    endpoint,
    sayHello: ({ endpoint: other, ...times } = {}) =>
      runtime.call({ endpoint: other ?? endpoint, contract: echo, service: echo.service, method: 'SayHello', args: ['Paul'], ...times }),
    async [Symbol.asyncDispose]() {
      await runtime.close()
      await listener[Symbol.asyncDispose]()
    },
  }
}

/** What a promise is rejected with, which must be our error. */
export async function failureOf(promise: Promise<unknown>): Promise<HalibutError> {
  const outcome = await promise.then(
    value => ({ value }),
    (error: unknown) => ({ error }),
  )
  if ('error' in outcome && outcome.error instanceof HalibutError) return outcome.error
  throw 'error' in outcome ? outcome.error : new Error(`expected a failure, and got ${JSON.stringify(outcome.value)}`)
}
