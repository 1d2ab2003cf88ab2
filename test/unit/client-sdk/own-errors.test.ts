import { errorTable, isErrorKind } from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { ownErrors } from '../../../client-sdk/src/own-errors.ts'

test('the errors that the package makes itself say what the one table says', () => {
  const rows = Object.entries(ownErrors)
  expect(rows.length).toBeGreaterThan(10)
  for (const [kind, row] of rows)
    expect([kind, row]).toEqual([kind, isErrorKind(kind) && [errorTable[kind].retryable, errorTable[kind].advice]])
})
