import type { ErrorKind } from '@halibut-gateway/schemas/wire'
import { HalibutError } from '../base/errors.ts'
import { clientException, exceptionType } from './dotnet-exception.ts'

/** What an error says about the network. */
export type NetworkVerdict = 'network' | 'not_network' | 'unknown'

const verdictsOfKinds: Partial<Record<ErrorKind, NetworkVerdict>> = {
  service_not_found: 'not_network',
  method_not_found: 'not_network',
  ambiguous_method: 'not_network',
  service_failed: 'not_network',
  thumbprint_mismatch: 'not_network',
  connect_refused: 'network',
  connect_timeout: 'network',
  host_not_found: 'network',
  connect_failed: 'network',
  identify_failed: 'network',
  connection_lost: 'network',
  io_timeout: 'network',
  protocol_error: 'network',
  stream_size_mismatch: 'network',
}

const verdictsOfTypes: Readonly<Record<string, NetworkVerdict>> = {
  'System.IO.FileNotFoundException': 'not_network',
  'Halibut.Exceptions.NoMatchingServiceOrMethodHalibutClientException': 'not_network',
  'Halibut.Transport.UnexpectedCertificateException': 'not_network',
  'Halibut.Transport.Protocol.ProtocolException': 'network',
  'System.Net.Sockets.SocketException': 'network',
  'System.IO.IOException': 'network',
  'System.IO.EndOfStreamException': 'network',
}

/** Texts of a client exception that came from elsewhere, by which its cause is known. */
const networkTexts = [
  'System.IO.EndOfStreamException',
  'System.Net.Sockets.SocketException (110): Connection timed out',
  'An existing connection was forcibly closed by the remote host.',
  'The I/O operation has been aborted because of either a thread exit or an application request',
  'A connection attempt failed because the connected party did not properly respond after a period of time, or established connection failed because connected host has failed to respond',
  'The remote party closed the WebSocket connection without completing the close handshake.',
  'Unable to read data from the transport connection: Operation timed out.',
  'Unable to write data to the transport connection: Operation timed out.',
]

const maxDepth = 8

/**
 * Whether a call failed because of the network (spec §6.7). `not_network`: the other side was reached and refused or failed;
 * `unknown`: the error does not tell, for example a plain error of the agent.
 */
export function classifyError(why: unknown): NetworkVerdict {
  return classify(why, 0)
}

/** Whether the network is to blame, so that the same call may go through later. Says nothing about whether the request ran: see `delivery`. */
export function isRetryable(why: unknown): boolean {
  return classifyError(why) === 'network'
}

function classify(why: unknown, depth: number): NetworkVerdict {
  if (!(why instanceof Error) || depth > maxDepth) return 'unknown'
  if (why instanceof HalibutError && why.kind === 'proxy_failed') {
    // A proxy that answered did its part; one that could not be reached is a matter of the network.
    return why.cause === undefined ? 'not_network' : classify(why.cause, depth + 1) === 'network' ? 'network' : 'not_network'
  }
  const type = exceptionType(why)
  const known = (why instanceof HalibutError ? verdictsOfKinds[why.kind] : undefined) ?? verdictsOfTypes[type]
  if (known !== undefined) return known
  if (type !== clientException) return 'unknown'
  const text = why instanceof HalibutError ? why.dotnetMessage : why.message
  if (text.includes('System.IO.FileNotFoundException')) return 'not_network'
  if (why.cause !== undefined) return classify(why.cause, depth + 1)
  return networkTexts.some(each => text.includes(each)) ? 'network' : 'unknown'
}
