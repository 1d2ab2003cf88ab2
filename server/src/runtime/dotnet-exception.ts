import type { ErrorKind } from '@halibut-gateway/schemas/wire'
import { HalibutError } from '../base/errors.ts'

/**
 * Our errors as .NET tells its exceptions: peers match on type names and on the first lines of these texts (spec §6.3, §6.7). An error
 * of the application may bear a .NET name itself: `error.name = 'System.TimeoutException'`.
 */

/** The base of what .NET Halibut throws. */
export const clientException = 'Halibut.HalibutClientException'

/** Where an error of ours does not name the .NET exception that means the same. Everything else is the {@link clientException}. */
const typesOfKinds: Partial<Record<ErrorKind, string>> = {
  connect_refused: 'System.Net.Sockets.SocketException',
  connect_timeout: 'System.Net.Sockets.SocketException',
  host_not_found: 'System.Net.Sockets.SocketException',
  connect_failed: 'System.Net.Sockets.SocketException',
  proxy_failed: 'Halibut.Transport.Proxy.Exceptions.ProxyException',
  tls_failed: 'System.Security.Authentication.AuthenticationException',
  thumbprint_mismatch: 'Halibut.Transport.UnexpectedCertificateException',
  connection_lost: 'System.IO.IOException',
  io_timeout: 'System.IO.IOException',
  protocol_error: 'Halibut.Transport.Protocol.ProtocolException',
  message_too_large: 'Halibut.Transport.Protocol.ProtocolException',
  serialization_failed: 'Newtonsoft.Json.JsonSerializationException',
  cancelled: 'System.Threading.Tasks.TaskCanceledException',
  closed: 'System.ObjectDisposedException',
  service_not_found: 'Halibut.Exceptions.ServiceNotFoundHalibutClientException',
  method_not_found: 'Halibut.Exceptions.MethodNotFoundHalibutClientException',
  ambiguous_method: 'Halibut.Exceptions.AmbiguousMethodMatchHalibutClientException',
  service_failed: 'Halibut.Exceptions.ServiceInvocationHalibutClientException',
  stream_size_mismatch: 'Halibut.Transport.Protocol.ProtocolException',
  stream_failed: 'System.IO.IOException',
  invalid_argument: 'System.ArgumentException',
}

const typesOfCodes: Readonly<Record<string, string>> = {
  ENOENT: 'System.IO.FileNotFoundException',
  EACCES: 'System.UnauthorizedAccessException',
  EPERM: 'System.UnauthorizedAccessException',
  ECONNREFUSED: 'System.Net.Sockets.SocketException',
  ETIMEDOUT: 'System.Net.Sockets.SocketException',
  ECONNRESET: 'System.IO.IOException',
  EPIPE: 'System.IO.IOException',
}

const maxDepth = 8

/** The name of the .NET exception that means the same, or the JavaScript name where there is none. */
export function exceptionType(why: unknown): string {
  if (why instanceof HalibutError) return why.dotnetType ?? typesOfKinds[why.kind] ?? clientException
  if (!(why instanceof Error)) return 'System.Exception'
  if (why instanceof AggregateError && why.name === 'AggregateError') return 'System.AggregateException'
  const { code } = why as NodeJS.ErrnoException
  if (typeof code === 'string' && why.name === 'Error' && Object.hasOwn(typesOfCodes, code)) return typesOfCodes[code] as string
  return typeof why.name === 'string' && why.name !== '' ? why.name : 'Error'
}

/** The message of an error; of an aggregate the inner ones in brackets after it, as .NET has it. */
export function exceptionMessage(why: unknown, depth = 0): string {
  if (!(why instanceof Error)) return typeof why === 'string' ? why : `a ${why === null ? 'null' : typeof why} was thrown`
  const message = String(why instanceof HalibutError ? why.dotnetMessage : why.message)
  if (!(why instanceof AggregateError) || depth >= maxDepth) return message
  const inner = why.errors.map(one => `(${exceptionMessage(one, depth + 1)})`)
  return [message === '' ? 'One or more errors occurred.' : message, ...inner].join(' ')
}

/** An aggregate of one error is that error, however often it was wrapped. */
export function unwrapException(why: unknown): unknown {
  let at = why
  for (let depth = 0; depth < maxDepth && at instanceof AggregateError && at.errors.length === 1; depth++) at = at.errors[0]
  return at
}

/** The whole text as .NET’s `Exception.ToString()` has it: type, message, inner exceptions, stack. */
export function printException(why: unknown, depth = 0): string {
  const message = exceptionMessage(why)
  const type = exceptionType(why)
  const head = message === '' ? type : `${type}: ${message}`
  if (!(why instanceof Error)) return head
  const inner: unknown = why.cause ?? (why instanceof AggregateError ? why.errors[0] : undefined)
  const innerText =
    inner === undefined || depth >= maxDepth
      ? ''
      : `\n ---> ${printException(inner, depth + 1)}\n   --- End of inner exception stack trace ---`
  return `${head}${innerText}${stackOf(why)}`
}

/** The frames of an error’s stack, each on a line with .NET’s indentation; '' where it has none. */
function stackOf(why: Error): string {
  if (typeof why.stack !== 'string') return ''
  const frames = why.stack.split('\n').filter(line => line.startsWith('    at '))
  return frames.map(frame => `\n   ${frame.trimStart()}`).join('')
}
