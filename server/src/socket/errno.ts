import { type ErrorContext, HalibutError } from '../base/errors.ts'
import { messageOf } from '../base/message-of.ts'

/**
 * The one place that knows how the operating system, Node and OpenSSL name a failure, and the words .NET has for it. Peers and callers
 * match on these texts (spec §1.2, §6.7), so they are .NET’s to the letter.
 */
export type SocketStep = 'connect' | 'handshake' | 'read' | 'write'

const unixTexts: Record<string, string> = {
  EACCES: 'Permission denied',
  EADDRINUSE: 'Address already in use',
  EADDRNOTAVAIL: 'Cannot assign requested address',
  EAFNOSUPPORT: 'Address family not supported by protocol',
  ECONNABORTED: 'Software caused connection abort',
  ECONNREFUSED: 'Connection refused',
  ECONNRESET: 'Connection reset by peer',
  EHOSTDOWN: 'Host is down',
  EHOSTUNREACH: 'No route to host',
  EMFILE: 'Too many open files',
  ENETDOWN: 'Network is down',
  ENETUNREACH: 'Network is unreachable',
  ENOBUFS: 'No buffer space available',
  ENOTCONN: 'Transport endpoint is not connected',
  ENOTFOUND: 'Name or service not known',
  EAI_AGAIN: 'Resource temporarily unavailable',
  EPERM: 'Operation not permitted',
  EPIPE: 'Broken pipe',
  ETIMEDOUT: 'Connection timed out',
}
const macTexts: Record<string, string> = {
  EADDRNOTAVAIL: "Can't assign requested address",
  ENOTFOUND: 'nodename nor servname provided, or not known',
  ETIMEDOUT: 'Operation timed out',
}
const windowsTexts: Record<string, string> = {
  ECONNABORTED: 'An established connection was aborted by the software in your host machine.',
  ECONNREFUSED: 'No connection could be made because the target machine actively refused it.',
  ECONNRESET: 'An existing connection was forcibly closed by the remote host.',
  ENOTFOUND: 'No such host is known.',
  EPIPE: 'An existing connection was forcibly closed by the remote host.',
  ETIMEDOUT:
    'A connection attempt failed because the connected party did not properly respond after a period of time, or established connection failed because connected host has failed to respond',
}
const endOfHandshake = 'Received an unexpected EOF or 0 bytes from the transport stream.'

/** What .NET says for an errno code, without what it was about; by default in the words of the platform we run on. */
export function osText(code: string, platform: NodeJS.Platform = process.platform): string {
  const own = platform === 'win32' ? windowsTexts[code] : platform === 'darwin' ? macTexts[code] : undefined
  return own ?? unixTexts[code] ?? code
}

/** Any failure of a socket or of TLS, as our error. One that is ours already stays as it is. */
export function toHalibutError(error: unknown, step: SocketStep, context: ErrorContext = {}): HalibutError {
  if (error instanceof HalibutError) return error
  const cause = innermost(error)
  const code = codeOf(cause)
  const about = { phase: phaseOf(step), cause, ...context }
  if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_OSSL') || code === 'EPROTO') return tlsError(cause, about)
  if (code === 'ERR_TLS_HANDSHAKE_TIMEOUT') return timedOut('read', about)
  if (step === 'connect') return connectError(code, cause, about)
  if (step === 'handshake' && /disconnected before secure/.test(messageOf(cause))) return lostInHandshake(about)
  if (code === 'ETIMEDOUT') return timedOut(stepOf(cause, step), about)
  const doing = stepOf(cause, step) === 'write' ? 'write data to' : 'read data from'
  const text = code === '' ? messageOf(cause) : endSentence(osText(code))
  return new HalibutError('connection_lost', `the connection broke: ${text}`, {
    dotnetType: 'System.IO.IOException',
    dotnetMessage: `Unable to ${doing} the transport connection: ${text}`,
    ...about,
  })
}

/** The peer was silent (or took nothing) for longer than one read or write may wait. */
export function timedOut(step: 'read' | 'write', context: ErrorContext = {}): HalibutError {
  const doing = step === 'write' ? 'write data to' : 'read data from'
  return new HalibutError('io_timeout', step === 'write' ? 'the peer took nothing for too long' : 'the peer sent nothing for too long', {
    dotnetType: 'System.IO.IOException',
    dotnetMessage: `Unable to ${doing} the transport connection: ${endSentence(osText('ETIMEDOUT'))}`,
    ...context,
  })
}

/** The other side ended the connection in the middle of the TLS handshake. */
export function lostInHandshake(context: ErrorContext = {}): HalibutError {
  return new HalibutError('connection_lost', 'the peer ended the connection in the TLS handshake', {
    dotnetType: 'System.IO.IOException',
    dotnetMessage: endOfHandshake,
    phase: 'tls',
    ...context,
  })
}

/**
 * Whether the peer reset or aborted the connection: while it was being set up, that usually means that it rejected our certificate
 * (spec §8.1).
 */
export function wasReset(error: unknown): boolean {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
    const code = codeOf(at)
    if (code === 'ECONNRESET' || code === 'ECONNABORTED' || code === 'EPIPE') return true
  }
  return false
}

function connectError(code: string, cause: unknown, context: ErrorContext): HalibutError {
  const text = `${osText(code === '' ? messageOf(cause) : code)}${endPointOf(cause)}`
  const about = { dotnetType: 'System.Net.Sockets.SocketException', ...context }
  switch (code) {
    case 'ECONNREFUSED':
      return new HalibutError('connect_refused', text, about)
    case 'ETIMEDOUT':
    case 'ERR_SOCKET_CONNECTION_TIMEOUT':
      return new HalibutError('connect_timeout', `${osText('ETIMEDOUT')}${endPointOf(cause)}`, about)
    case 'ENOTFOUND':
    case 'ENODATA':
      return new HalibutError('host_not_found', osText('ENOTFOUND'), about)
    default:
      return new HalibutError('connect_failed', text, about)
  }
}

function tlsError(cause: unknown, context: ErrorContext): HalibutError {
  const reason = tlsReason(cause)
  return new HalibutError('tls_failed', `the TLS handshake ended with: ${reason}`, {
    dotnetType: 'System.Security.Authentication.AuthenticationException',
    dotnetMessage: `Authentication failed, see inner exception. The TLS handshake ended with: ${reason}.`,
    ...context,
  })
}

/** OpenSSL’s own words, for example `wrong version number` or `tlsv1 alert unknown ca`. */
function tlsReason(cause: unknown): string {
  const reason = (cause as { reason?: unknown }).reason
  if (typeof reason === 'string' && reason !== '') return reason
  // "write EPROTO 00B7…:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../deps/…"
  const parts = messageOf(cause).trim().split(':')
  return parts.length > 5 ? (parts[5] ?? '') : messageOf(cause)
}

/** Of the attempts at several addresses the last decides, unless an earlier one says more than that time ran out. */
function innermost(error: unknown): unknown {
  if (!(error instanceof AggregateError) || error.errors.length === 0) return error
  const telling = error.errors.filter(one => codeOf(one) !== 'ETIMEDOUT' && codeOf(one) !== 'ERR_SOCKET_CONNECTION_TIMEOUT')
  return telling.find(one => codeOf(one) === 'ECONNREFUSED') ?? telling.at(-1) ?? error.errors.at(-1)
}

function endPointOf(cause: unknown): string {
  const { address, port } = cause as { address?: unknown; port?: unknown }
  return typeof address === 'string' && typeof port === 'number' ? ` ${formatEndPoint(address, port)}` : ''
}

/** `host:port` as .NET prints it, IPv6 in brackets. */
export function formatEndPoint(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

function stepOf(cause: unknown, step: SocketStep): 'read' | 'write' {
  const syscall = (cause as { syscall?: unknown }).syscall
  return syscall === 'write' || syscall === 'writev' || codeOf(cause) === 'EPIPE' || (syscall === undefined && step === 'write')
    ? 'write'
    : 'read'
}

function phaseOf(step: SocketStep): 'connect' | 'tls' | undefined {
  return step === 'connect' ? 'connect' : step === 'handshake' ? 'tls' : undefined
}

/** The errno or Node code of an error, '' where it has none. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
  return typeof code === 'string' ? code : ''
}

function endSentence(text: string): string {
  return text.endsWith('.') ? text : `${text}.`
}
