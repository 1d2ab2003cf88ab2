import { closeCodes } from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { abnormal, heartbeatTimeout, normal, retriedCodes, signedOut } from '../../../client-sdk/src/own-close-codes.ts'

test('the close codes that the package goes by say what the one table says', () => {
  expect([normal, abnormal, heartbeatTimeout, signedOut]).toEqual(
    [closeCodes.normal, closeCodes.abnormal, closeCodes.heartbeat_timeout, closeCodes.signed_out].map(({ code }) => code),
  )
  expect(retriedCodes).toEqual(
    Object.values(closeCodes)
      .filter(({ retry }) => retry)
      .map(({ code }) => code),
  )
})
