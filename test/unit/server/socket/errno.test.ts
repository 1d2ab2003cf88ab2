import { describe, expect, test } from 'vitest'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { formatEndPoint, osText, timedOut, toHalibutError, wasReset } from '../../../../server/src/socket/errno.ts'

function errno(code: string, more: object = {}): Error {
  return Object.assign(new Error(`x ${code}`), { code, ...more })
}

describe('a socket error', () => {
  test('that a read or a write met says which', () => {
    expect(toHalibutError(errno('ECONNRESET', { syscall: 'read' }), 'read').dotnetMessage).toBe(
      'Unable to read data from the transport connection: Connection reset by peer.',
    )
    expect(toHalibutError(errno('EPIPE', { syscall: 'write' }), 'read').dotnetMessage).toBe(
      'Unable to write data to the transport connection: Broken pipe.',
    )
    expect(toHalibutError(errno('ECONNRESET', { syscall: 'write' }), 'read').dotnetMessage).toContain('Unable to write data')
    expect(toHalibutError(errno('ETIMEDOUT', { syscall: 'read' }), 'read')).toMatchObject({ kind: 'io_timeout' })
    expect(toHalibutError(new Error('odd'), 'read')).toMatchObject({ kind: 'connection_lost', message: expect.stringContaining('odd') })
    expect(toHalibutError('odd', 'write').dotnetMessage).toBe('Unable to write data to the transport connection: odd')
  })

  test('of a connect says where', () => {
    expect(toHalibutError(errno('ECONNREFUSED', { address: '::1', port: 5 }), 'connect')).toMatchObject({
      kind: 'connect_refused',
      message: 'Connection refused [::1]:5',
      phase: 'connect',
    })
    expect(toHalibutError(errno('EHOSTUNREACH', { address: '10.0.0.1', port: 5 }), 'connect')).toMatchObject({
      kind: 'connect_failed',
      message: 'No route to host 10.0.0.1:5',
    })
    expect(toHalibutError(errno('ETIMEDOUT'), 'connect')).toMatchObject({ kind: 'connect_timeout' })
    expect(toHalibutError(errno('EAI_AGAIN'), 'connect')).toMatchObject({
      kind: 'connect_failed',
      message: 'Resource temporarily unavailable',
    })
    expect(toHalibutError(errno('ENOTFOUND'), 'connect')).toMatchObject({ kind: 'host_not_found', message: 'Name or service not known' })
  })

  test('of several addresses is the one that tells most', () => {
    const late = errno('ETIMEDOUT')
    const refused = errno('ECONNREFUSED', { address: '127.0.0.1', port: 1 })
    const unreachable = errno('ENETUNREACH', { address: '::1', port: 1 })
    expect(toHalibutError(new AggregateError([refused, unreachable]), 'connect').kind).toBe('connect_refused')
    expect(toHalibutError(new AggregateError([unreachable, late]), 'connect').kind).toBe('connect_failed')
    expect(toHalibutError(new AggregateError([late, late]), 'connect').kind).toBe('connect_timeout')
  })

  test('of TLS says OpenSSL’s reason', () => {
    const alert = errno('ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', { reason: 'tlsv1 alert unknown ca' })
    expect(toHalibutError(alert, 'handshake')).toMatchObject({
      kind: 'tls_failed',
      phase: 'tls',
      dotnetType: 'System.Security.Authentication.AuthenticationException',
      dotnetMessage: 'Authentication failed, see inner exception. The TLS handshake ended with: tlsv1 alert unknown ca.',
    })
    const old = errno('EPROTO')
    old.message = 'write EPROTO 00B7:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../deps/x.c:1:'
    expect(toHalibutError(old, 'handshake').dotnetMessage).toContain(': wrong version number.')
  })

  test('that is ours stays as it is', () => {
    const ours = new HalibutError('cancelled', 'x')
    expect(toHalibutError(ours, 'read')).toBe(ours)
  })

  test('takes context', () => {
    expect(timedOut('write', { phase: 'stream', delivery: 'unknown' })).toMatchObject({
      phase: 'stream',
      delivery: 'unknown',
      dotnetMessage: 'Unable to write data to the transport connection: Connection timed out.',
    })
  })
})

test('the texts of other platforms are theirs', () => {
  expect(osText('ETIMEDOUT', 'linux')).toBe('Connection timed out')
  expect(osText('ETIMEDOUT', 'darwin')).toBe('Operation timed out')
  expect(osText('ETIMEDOUT', 'win32')).toMatch(/^A connection attempt failed because the connected party did not properly respond/)
  expect(osText('ECONNRESET', 'win32')).toBe('An existing connection was forcibly closed by the remote host.')
  expect(osText('ESTRANGE')).toBe('ESTRANGE')
})

test('a reset is seen through its wrappings', () => {
  const inner = toHalibutError(errno('ECONNRESET', { syscall: 'read' }), 'read')
  expect(wasReset(new HalibutError('identify_failed', 'x', { cause: inner }))).toBe(true)
  expect(wasReset(timedOut('read'))).toBe(false)
  expect(wasReset(undefined)).toBe(false)
})

test('an end point is printed as .NET does', () => {
  expect(formatEndPoint('10.0.0.1', 1)).toBe('10.0.0.1:1')
  expect(formatEndPoint('fe80::1', 1)).toBe('[fe80::1]:1')
})
