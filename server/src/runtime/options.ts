import type { Contract } from '@halibut-gateway/schemas/contract'
import { OptionKinds } from '../base/argument.ts'
import type { Limits } from '../base/limits.ts'
import type { Destinations } from '../socket/destinations.ts'
import type { SubscriberCandidate, UnauthorisedAnswer, UnauthorisedCaller } from './acceptor.ts'
import type { CallTimes } from './call-deadline.ts'
import type { Certificate } from './certificates.ts'
import type { DialledAgent } from './connections.ts'
import type { Endpoint, EndpointInput, ProxySettings } from './endpoint.ts'
import type { FriendlyPage } from './friendly-page.ts'

/** What a runtime is made of. */
export interface RuntimeOptions {
  /** Who we are, as a dialler and as an acceptor. */
  readonly certificate: Certificate
  /** Thumbprints whose owners may connect. Default: none. */
  readonly trust?: readonly string[] | undefined
  /** Overrides of `defaultLimits`. */
  readonly limits?: Partial<Limits> | undefined
  /** Asked for each caller that presented an untrusted certificate. Default: `'block'`. */
  readonly onUnauthorised?: ((caller: UnauthorisedCaller) => UnauthorisedAnswer | Promise<UnauthorisedAnswer>) | undefined
  /** May refuse a polling agent before it is answered: the text is the reason for the log. Default: every trusted one may poll. */
  readonly authoriseSubscriber?: ((candidate: SubscriberCandidate) => true | string) | undefined
  /** May refuse a listening agent that was dialled, before anything is said to it: the text is the reason. Default: every pinned one may answer. */
  readonly authoriseAgent?: ((agent: DialledAgent) => true | string) | undefined
  /** Where connections may be opened to, proxies too. Default: anywhere. */
  readonly destinations?: Destinations | undefined
  /** How the names of .NET’s own types are written. Default `mscorlib`, which every .NET reads. */
  readonly corlib?: 'mscorlib' | 'System.Private.CoreLib' | undefined
  readonly friendlyPage?: FriendlyPage | undefined
  /** Which error responses of cacheable methods are kept too. Default: none (spec §12). */
  readonly cacheErrors?: ((error: unknown) => boolean) | undefined
}

export const runtimeOptionKinds = new OptionKinds<RuntimeOptions>({
  certificate: 'any',
  trust: 'list',
  limits: 'object',
  onUnauthorised: 'function',
  authoriseSubscriber: 'function',
  authoriseAgent: 'function',
  destinations: 'object',
  corlib: 'any',
  friendlyPage: 'object',
  cacheErrors: 'function',
})

/** One call, told in full. `createClient` is the typed way. */
export interface CallRequest extends CallTimes {
  readonly endpoint: EndpointInput | Endpoint
  /** Types the arguments and the result. Without it values go and come untyped. */
  readonly contract?: Contract | undefined
  readonly service: string
  /** A name, or a signature such as `Add(int64,int64)`. */
  readonly method: string
  readonly args: readonly unknown[]
  /** A GUID, fresh for each call since peers use it as a key. Default: made here. */
  readonly activityId?: string | undefined
}

export const callRequestKinds = new OptionKinds<CallRequest>(
  {
    endpoint: 'any',
    contract: 'object',
    service: 'text',
    method: 'text',
    args: 'list',
    activityId: 'text',
    signal: 'signal',
    timeoutMs: 'any',
    queueTimeoutMs: 'any',
    caller: 'text',
    onCharge: 'function',
    onSending: 'function',
    onStep: 'function',
  },
  ['service', 'method', 'args'],
)

export interface PollOptions {
  /** Our address at the client, `poll://name/`. */
  readonly subscription: string
  /** Where the client listens, `https://host:port/`, with its thumbprint. */
  readonly endpoint: EndpointInput
  /** Connections kept up at the same time; each carries one request at a time. Default 1. */
  readonly connections?: number | undefined
}

export const pollOptionKinds = new OptionKinds<PollOptions>({ subscription: 'any', endpoint: 'any', connections: 'any' })

export interface DiscoverOptions {
  readonly proxy?: ProxySettings | undefined
  readonly signal?: AbortSignal | undefined
}

export const discoverOptionKinds = new OptionKinds<DiscoverOptions>({ proxy: 'object', signal: 'signal' })

export interface ProbeOptions {
  readonly signal?: AbortSignal | undefined
  /** For all of it. Default `probeTimeoutMs`. */
  readonly timeoutMs?: number | undefined
}

export const probeOptionKinds = new OptionKinds<ProbeOptions>({ signal: 'signal', timeoutMs: 'any' })
