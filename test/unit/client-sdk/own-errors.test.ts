import { type ErrorEntry, errorTable, isErrorKind } from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { closedError, GatewayError } from '../../../client-sdk/src/errors.ts'
import { ownErrors } from '../../../client-sdk/src/own-errors.ts'

test('the errors that the package makes itself say what the one table says', () => {
  const rows = Object.entries(ownErrors)
  expect(rows.length).toBeGreaterThan(10)
  for (const [kind, row] of rows) {
    const { retryable, advice, unsentAdvice }: ErrorEntry = errorTable[isErrorKind(kind) ? kind : 'internal_error']
    expect([kind, ...row]).toEqual([kind, retryable, advice, ...(unsentAdvice === undefined ? [] : [unsentAdvice])])
  }
})

test('advice is for what happened: a request that was never sent needs no finding out, and a client that was closed stays closed', () => {
  expect(new GatewayError('deadline_exceeded', 'late')).toMatchObject({ retryable: true, advice: expect.stringContaining('never sent') })
  expect(new GatewayError('deadline_exceeded', 'late', { delivery: 'unknown' })).toMatchObject({
    retryable: false,
    advice: expect.stringContaining('find out whether the request ran'),
  })
  expect(closedError()).toMatchObject({ kind: 'closed', retryable: false, advice: 'make another client' })
})
