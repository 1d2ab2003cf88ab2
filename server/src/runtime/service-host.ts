import { type InspectOptions, inspect } from 'node:util'
import type { Contract } from '@halibut-gateway/schemas/contract'
import { OptionKinds } from '../base/argument.ts'
import { HalibutError } from '../base/errors.ts'
import { type CompiledContract, type CompiledMethod, refuseMisfit, resolveOverload, type TypeRegistry } from '../codec/contract-values.ts'
import { type CodecOptions, type EncodedMessage, encodeResponse } from '../codec/envelope.ts'
import type { IncomingCall, RequestHandler } from '../exchange/serve-requests.ts'
import { describeForPeer, describeThrown, type PeerError } from './remote-error.ts'

/** What a service method gets after its arguments. `JSON.stringify` and `console.log` show all of it but the signal. */
export interface CallContext {
  /** SHA-1 of the caller’s certificate, 40 upper-case hex digits; `undefined` when it presented none. */
  readonly thumbprint: string | undefined
  /** SHA-256 of the same. */
  readonly thumbprint256: string | undefined
  /** `host:port` of the other end. */
  readonly remoteAddress: string
  /** The caller’s GUID of this call. */
  readonly activityId: string
  /** As the contract writes it. */
  readonly service: string
  /** As the contract writes it. */
  readonly method: string
  /** Fires when the connection is lost, or the runtime closes, before the response has been sent. */
  readonly signal: AbortSignal
}

/** How a service shows in the texts that its callers get. */
export interface ServiceOptions {
  /** The .NET full name of the implementation, for example `Sample.Contracts.EchoService`. Default: its class’s name, or the contract’s without the `I`. */
  readonly clrName?: string | undefined
  /** Signature (`Add(int64,int64)`) to the text for it in overload errors. Default: as .NET would print it. */
  readonly signatures?: Readonly<Record<string, string>> | undefined
}

const serviceOptionKinds = new OptionKinds<ServiceOptions>({ clrName: 'text', signatures: 'object' })

/** Makes an object for each call. */
export interface ServiceFactory {
  create(): unknown
  /**
   * Called once for each object that was created, when the response has been encoded, after failures too. Data streams of the response
   * are read after that: what they need must outlive the object. Default: the object’s `Symbol.asyncDispose` or `Symbol.dispose`.
   */
  dispose?(instance: never): unknown
}

/** What a {@link ServiceHost} needs. */
export interface ServiceHostOptions {
  readonly registry: TypeRegistry
  readonly codecOptions: CodecOptions
  /** True: while no service was added, callers are told that this machine is a client only. Default false. */
  readonly clientOnly?: boolean | undefined
}

type Handler = (...args: unknown[]) => unknown

interface HostedService {
  readonly compiled: CompiledContract
  readonly clrName: string
  readonly signature: (method: CompiledMethod) => string
  /** `undefined`: a new object for each call. */
  readonly instance: object | undefined
  readonly factory: ServiceFactory | undefined
  readonly handlers: ReadonlyMap<CompiledMethod, Handler>
}

/** The services of a runtime: finds the method a request asks for, runs it, and turns what comes of it into a response (spec §6.3 to §6.5). */
export class ServiceHost {
  readonly #registry: TypeRegistry
  readonly #codec: CodecOptions
  readonly #clientOnly: boolean
  readonly #services = new Map<string, HostedService>()

  constructor(options: ServiceHostOptions) {
    this.#registry = options.registry
    this.#codec = options.codecOptions
    this.#clientOnly = options.clientOnly ?? false
  }

  /** How many services there are. */
  get size(): number {
    return this.#services.size
  }

  /**
   * Hosts a service. `implementation` is an object with a function for each method, or for each signature where a method is overloaded,
   * or a {@link ServiceFactory} (an object with `create`, unless the contract has a method of that name). Throws `invalid_argument` for a
   * service that is there already, letter case aside, and for an implementation that lacks a method.
   */
  add(contract: Contract, implementation: unknown, options: ServiceOptions = {}): void {
    this.#registry.check(contract)
    serviceOptionKinds.check(options, 'the options of addService()')
    const names = [contract.service, ...(contract.aliases ?? [])]
    const taken = names.find(name => this.#services.has(name.toLowerCase()))
    if (taken !== undefined) throw new HalibutError('invalid_argument', `the service ${taken} has been added already`)
    if ((typeof implementation !== 'object' && typeof implementation !== 'function') || implementation === null) {
      throw new HalibutError('invalid_argument', `the implementation of ${contract.service} must be an object`)
    }
    const compiled = this.#registry.register(contract)
    const factory = isFactory(implementation) && compiled.methods('create').length === 0 ? implementation : undefined
    const className = implementation.constructor?.name
    const ownName = factory || !className || className === 'Object' || className === 'Function' ? undefined : className
    const { signatures } = options
    const service: HostedService = {
      compiled,
      clrName: options.clrName ?? ownName ?? contract.service.replace(/^I(?=[A-Z])/, ''),
      signature: method =>
        (signatures && Object.hasOwn(signatures, method.signature) ? signatures[method.signature] : undefined) ?? method.dotnetSignature,
      instance: factory ? undefined : implementation,
      factory,
      handlers: factory ? new Map() : bindHandlers(compiled, implementation),
    }
    for (const name of names) this.#services.set(name.toLowerCase(), service)
  }

  /** Runs a call. Never rejects: every failure of the service, or to find it, is an error response. */
  readonly handle: RequestHandler = call => {
    const { id } = call.request
    let service: HostedService
    let method: CompiledMethod
    let args: unknown[]
    try {
      service = this.#find(call.request.service)
      method = findMethod(service, call)
      args = callArguments(service, method, call)
    } catch (why) {
      return this.#fail(id, describeForPeer(why))
    }
    if (service.factory) return this.#invokeNew(id, service, service.factory, method, args)
    return this.#invoke(id, method, service.handlers.get(method) as Handler, service.instance, args)
  }

  /** An error as the response to a request. */
  readonly refuse = (id: string, why: HalibutError): EncodedMessage => this.#fail(id, describeForPeer(why))

  #find(name: string | null): HostedService {
    if (this.#clientOnly && this.#services.size === 0) {
      const text = `An attempt was made to call the service '${name ?? ''}' on this machine, but this server has been configured to be a client only.`
      throw new HalibutError('service_not_found', text, { dotnetType: 'System.InvalidOperationException' })
    }
    if (name === null) {
      throw new HalibutError('service_not_found', "Value cannot be null. (Parameter 'key')", { dotnetType: 'System.ArgumentNullException' })
    }
    const service = this.#services.get(name.toLowerCase())
    if (!service) throw new HalibutError('service_not_found', `Service not found: ${name}`)
    return service
  }

  /** Without a promise where the method needs none. */
  #invoke(id: string, method: CompiledMethod, handler: Handler, self: unknown, args: unknown[]): EncodedMessage | Promise<EncodedMessage> {
    let result: unknown
    try {
      result = handler.apply(self, args)
      if (isThenable(result)) return this.#settle(id, method, result)
    } catch (why) {
      return this.#fail(id, describeThrown(why))
    }
    return this.#answer(id, method, result)
  }

  async #settle(id: string, method: CompiledMethod, pending: PromiseLike<unknown>): Promise<EncodedMessage> {
    let result: unknown
    try {
      result = await pending
    } catch (why) {
      return this.#fail(id, describeThrown(why))
    }
    return this.#answer(id, method, result)
  }

  #answer(id: string, method: CompiledMethod, result: unknown): EncodedMessage {
    try {
      refuseMisfit(method.marked.result?.(result), '/result', 'serialization_failed')
      return encodeResponse(id, { result, codec: method.result }, this.#codec)
    } catch (why) {
      // The method ran, so its caller must not take this for a request that was refused.
      return this.#fail(id, describeThrown(unfit(method, why)))
    }
  }

  async #invokeNew(
    id: string,
    service: HostedService,
    factory: ServiceFactory,
    method: CompiledMethod,
    args: unknown[],
  ): Promise<EncodedMessage> {
    let created = false
    let instance: unknown
    let response: EncodedMessage
    try {
      instance = await factory.create()
      created = true
      const handler = findHandler(service.compiled, method, instance)
      response = await this.#invoke(id, method, handler, instance, args)
    } catch (why) {
      response = this.#fail(id, describeForPeer(why))
    }
    if (!created) return response
    try {
      await dispose(factory, instance)
      return response
    } catch (why) {
      return this.#fail(id, describeForPeer(why))
    }
  }

  #fail(id: string, error: PeerError): EncodedMessage {
    return encodeResponse(id, { error }, this.#codec)
  }
}

function findMethod(service: HostedService, call: IncomingCall): CompiledMethod {
  const name = call.request.method ?? ''
  const methods = service.compiled.methods(name)
  if (methods.length === 0) throw new HalibutError('method_not_found', `Method ${service.clrName}::${name}Async not found`)
  return resolveOverload(methods, call.request.args, service.signature)
}

function bindHandlers(compiled: CompiledContract, implementation: object): Map<CompiledMethod, Handler> {
  return new Map(compiled.allMethods.map(method => [method, findHandler(compiled, method, implementation)]))
}

/** The function for a method: by its signature, or by its name where that is not overloaded. */
function findHandler(compiled: CompiledContract, method: CompiledMethod, implementation: unknown): Handler {
  const overloaded = compiled.methods(method.name).length > 1
  const handler = property(implementation, method.signature) ?? (overloaded ? undefined : property(implementation, method.name))
  if (handler !== undefined) return handler
  const wanted = overloaded ? `'${method.signature}'` : method.name
  throw new HalibutError('invalid_argument', `the implementation of ${compiled.service} has no method ${wanted}`)
}

/** A function of the object or its class; what every object has does not count. */
function property(implementation: unknown, name: string): Handler | undefined {
  const value: unknown = (implementation as Record<string, unknown> | null | undefined)?.[name]
  return typeof value === 'function' && value !== (Object.prototype as unknown as Record<string, unknown>)[name] && name !== 'constructor'
    ? (value as Handler)
    : undefined
}

function callArguments(service: HostedService, method: CompiledMethod, call: IncomingCall): unknown[] {
  const { params } = method
  const received = call.request.args
  const args: unknown[] = new Array(params.length + 1)
  for (let i = 0; i < params.length; i++) args[i] = params[i]?.fromArgument(received[i] as (typeof received)[number])
  refuseMisfit(method.marked.arguments?.(args), '/params', 'invalid_argument')
  args[params.length] = new Context(call, service.compiled.service, method.name)
  return args
}

/** Reads from the call only what the method asks for. */
class Context implements CallContext {
  readonly service: string
  readonly method: string
  readonly #call: IncomingCall

  constructor(call: IncomingCall, service: string, method: string) {
    this.#call = call
    this.service = service
    this.method = method
  }

  get thumbprint(): string | undefined {
    return this.#call.peer.thumbprint
  }

  get thumbprint256(): string | undefined {
    return this.#call.peer.thumbprint256
  }

  get remoteAddress(): string {
    return this.#call.peer.remoteAddress
  }

  get activityId(): string {
    return this.#call.request.activityId
  }

  get signal(): AbortSignal {
    return this.#call.signal
  }

  /** Whose call it is, for a log; without the signal. */
  toJSON(): Omit<CallContext, 'signal'> {
    const { service, method, activityId, remoteAddress, thumbprint, thumbprint256 } = this
    return { service, method, activityId, remoteAddress, thumbprint, thumbprint256 }
  }

  [inspect.custom](_depth: number, options: InspectOptions): string {
    return `CallContext ${inspect(this.toJSON(), options)}`
  }
}

function unfit(method: CompiledMethod, why: unknown): unknown {
  if (!(why instanceof HalibutError)) return why
  return new HalibutError(why.kind, `the result of ${method.signature} does not fit its contract: ${why.message}`, {
    dotnetType: why.dotnetType,
    cause: why,
  })
}

async function dispose(factory: ServiceFactory, instance: unknown): Promise<void> {
  if (factory.dispose) {
    await factory.dispose(instance as never)
    return
  }
  const disposable = instance as Partial<AsyncDisposable & Disposable> | null | undefined
  if (disposable?.[Symbol.asyncDispose]) await disposable[Symbol.asyncDispose]?.()
  else disposable?.[Symbol.dispose]?.()
}

function isFactory(implementation: object): implementation is ServiceFactory {
  return typeof (implementation as Partial<ServiceFactory>).create === 'function'
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as Partial<PromiseLike<unknown>>).then === 'function'
}
