import { defaultLimits } from '../../server/src/base/limits.ts'
import { TypeRegistry } from '../../server/src/codec/contract-values.ts'
import { type DecodedRequest, type DecodedResponse, decodeRequest, decodeResponse, encodeRequest } from '../../server/src/codec/envelope.ts'
import type { IncomingCall } from '../../server/src/exchange/serve-requests.ts'
import { ServiceHost, type ServiceHostOptions } from '../../server/src/runtime/service-host.ts'

const codecOptions = { corlib: 'System.Private.CoreLib' } as const
const activityId = '00112233-4455-6677-8899-aabbccddeeff'

/** A service host without a connection, and the calls that come to it. */
export interface HostUnderTest {
  readonly host: ServiceHost
  readonly registry: TypeRegistry
  /** Sends a request of untyped arguments and reads the response, all through the wire form. */
  call(service: string | null, method: string | null, ...args: unknown[]): Promise<DecodedResponse>
  /** The same with what `handle` gave. */
  handle(service: string | null, method: string | null, ...args: unknown[]): ReturnType<ServiceHost['handle']>
  read(response: Awaited<ReturnType<ServiceHost['handle']>>): DecodedResponse
  /** A request as it arrives, inflated; null for the null message. */
  receive(document: Buffer): IncomingCall | null
  readonly connection: AbortController
}

export function createHost(options: Partial<ServiceHostOptions> = {}): HostUnderTest {
  const registry = new TypeRegistry(codecOptions)
  const host = new ServiceHost({ registry, codecOptions, ...options })
  const connection = new AbortController()
  const receive: HostUnderTest['receive'] = document => {
    const request = decodeRequest(document, registry, defaultLimits)
    return request === null || request.null ? null : incoming(request, connection)
  }
  const handle: HostUnderTest['handle'] = (service, method, ...args) => {
    const head = { id: 'r1', activityId, service: service ?? 'none', method: method ?? 'none' }
    const call = receive(encodeRequest(head, undefined, args, codecOptions).document)
    if (call === null) throw new Error('expected a request, and got the null message')
    return host.handle(incoming({ ...call.request, service, method }, connection))
  }
  const read: HostUnderTest['read'] = ({ document }) => {
    const response = decodeResponse(document, registry, defaultLimits)
    if (response === null) throw new Error('expected a response, and got the null message')
    return response
  }
  return { host, registry, connection, receive, handle, read, call: async (...call) => read(await handle(...call)) }
}

const peer = {
  remoteAddress: '127.0.0.1:1234',
  role: 'dialler',
  thumbprint: 'A'.repeat(40),
  thumbprint256: 'B'.repeat(64),
  subject: 'CN=caller',
  protocol: 'TLSv1.3',
} as const

function incoming(request: DecodedRequest, connection: AbortController): IncomingCall {
  return {
    request,
    peer,
    get signal() {
      return connection.signal
    },
  }
}
