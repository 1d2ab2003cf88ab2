import { expect, test } from 'vitest'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { classifyError, isRetryable } from '../../../../server/src/runtime/network-errors.ts'
import { translateRemoteError } from '../../../../server/src/runtime/remote-error.ts'

const clientException = 'Halibut.HalibutClientException'
const client = (message: string, cause?: unknown): HalibutError =>
  new HalibutError('remote_error', message, { dotnetType: clientException, cause })

test.each([
  new HalibutError('service_not_found', 'm'),
  new HalibutError('method_not_found', 'm'),
  new HalibutError('ambiguous_method', 'm'),
  new HalibutError('service_failed', 'm'),
  new HalibutError('thumbprint_mismatch', 'm'),
  translateRemoteError(
    { message: 'm', type: 'Halibut.Exceptions.NoMatchingServiceOrMethodHalibutClientException' },
    { endpoint: 'https://a/' },
  ),
  Object.assign(new Error('ENOENT'), { code: 'ENOENT' }),
  new HalibutError('proxy_failed', 'the proxy said 407'),
  new HalibutError('proxy_failed', 'm', { cause: new Error('parse') }),
  client('at the service: System.IO.FileNotFoundException: x', new HalibutError('io_timeout', 'm')),
])('not the network: $kind $message', why => {
  expect(classifyError(why)).toBe('not_network')
  expect(isRetryable(why)).toBe(false)
})

test.each([
  new HalibutError('protocol_error', 'm'),
  new HalibutError('connect_refused', 'm'),
  new HalibutError('connection_lost', 'm'),
  new HalibutError('io_timeout', 'm'),
  Object.assign(new Error('reset'), { code: 'ECONNRESET' }),
  new HalibutError('proxy_failed', 'm', { cause: new HalibutError('connect_refused', 'm') }),
  client('m', new HalibutError('io_timeout', 'm')),
  client('outer', client('middle', new HalibutError('protocol_error', 'm'))),
  client('x\n\nServer exception: \nSystem.IO.EndOfStreamException: Attempted to read past the end of the stream.'),
  client('System.Net.Sockets.SocketException (110): Connection timed out'),
  client('An existing connection was forcibly closed by the remote host.'),
  client('The I/O operation has been aborted because of either a thread exit or an application request'),
  client('The remote party closed the WebSocket connection without completing the close handshake.'),
  client('Unable to read data from the transport connection: Operation timed out.'),
  client('Unable to write data to the transport connection: Operation timed out.'),
])('the network: $kind $message', why => {
  expect(classifyError(why)).toBe('network')
  expect(isRetryable(why)).toBe(true)
})

test.each([
  'text',
  undefined,
  new Error('m'),
  client('m'),
  client('m', new Error('application')),
  new HalibutError('cancelled', 'm', { cause: new HalibutError('io_timeout', 'm') }),
  new HalibutError('deadline_exceeded', 'm'),
])('unknown: %s', why => {
  expect(classifyError(why)).toBe('unknown')
  expect(isRetryable(why)).toBe(false)
})

test('causes that form a circle end', () => {
  const why = client('m', new Error('x'))
  why.cause = why
  expect(classifyError(why)).toBe('unknown')
})
