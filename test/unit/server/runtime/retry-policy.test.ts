import type { ErrorKind } from '@halibut-gateway/schemas/wire'
import { describe, expect, test } from 'vitest'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { type AttemptStage, listeningVerdict, pollingPauseMs, pollingVerdict } from '../../../../server/src/runtime/retry-policy.ts'

const again = { again: true }
const stop = (began: boolean) => ({ again: false, began })

describe('a client that calls a listening agent', () => {
  const table: [AttemptStage, ErrorKind, object][] = [
    ['connect', 'thumbprint_mismatch', stop(true)],
    ['connect', 'tls_failed', stop(true)],
    ['connect', 'connect_refused', again],
    ['connect', 'connect_timeout', again],
    ['connect', 'host_not_found', stop(false)],
    ['connect', 'connect_failed', again],
    ['connect', 'proxy_failed', again],
    ['connect', 'cancelled', stop(true)],
    ['connect', 'deadline_exceeded', stop(false)],
    ['connect', 'closed', stop(false)],
    ['connect', 'invalid_argument', stop(false)],
    ['connect', 'certificate_invalid', stop(false)],
    ['initialise', 'connection_lost', again],
    ['initialise', 'io_timeout', again],
    ['initialise', 'protocol_error', again],
    ['initialise', 'cancelled', stop(true)],
    ['initialise', 'closed', stop(false)],
    ['exchange', 'connection_lost', stop(true)],
    ['exchange', 'io_timeout', stop(true)],
    ['exchange', 'cancelled', stop(true)],
    ['exchange', 'closed', stop(true)],
  ]
  test.each(table)('%s, %s', (stage, kind, verdict) => {
    expect(listeningVerdict(stage, new HalibutError(kind, 'x'))).toEqual(verdict)
  })

  test('an unknown error before a connection exists is tried again, one after the request may have begun is not', () => {
    expect(listeningVerdict('connect', new Error('x'))).toEqual(again)
    expect(listeningVerdict('initialise', new Error('x'))).toEqual(again)
    expect(listeningVerdict('exchange', new Error('x'))).toEqual(stop(true))
  })
})

describe('a polling service that dials its client', () => {
  const table: [AttemptStage, ErrorKind, object][] = [
    ['connect', 'connect_refused', stop(false)],
    ['connect', 'connect_timeout', again],
    ['connect', 'host_not_found', stop(false)],
    ['connect', 'thumbprint_mismatch', stop(true)],
    ['connect', 'proxy_failed', again],
    ['initialise', 'connection_lost', stop(true)],
    ['exchange', 'connection_lost', stop(true)],
  ]
  test.each(table)('%s, %s', (stage, kind, verdict) => {
    expect(pollingVerdict(stage, new HalibutError(kind, 'x'))).toEqual(verdict)
  })
})

test.each([
  [0, 0.5, 5_000],
  [4_000, 0.1, 5_000],
  [10_000, 0, 10_000],
  [10_000, 0.5, 15_000],
  [70_000, 0.9, 120_000],
  [1e9, 0, 120_000],
])('Q08 the pause after %i ms without success, with %f, is %i ms', (elapsed, random, pause) => {
  expect(pollingPauseMs(elapsed, random, 5_000, 120_000)).toBe(pause)
})
