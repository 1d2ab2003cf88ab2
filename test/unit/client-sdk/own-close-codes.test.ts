import { closeCodes } from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { abnormal, heartbeatTimeout, normal, retriedCodes } from '../../../client-sdk/src/own-close-codes.ts'

test('the close codes that the package goes by say what the one table says', () => {
  expect([normal, abnormal, heartbeatTimeout]).toEqual(
    [closeCodes.normal, closeCodes.abnormal, closeCodes.heartbeat_timeout].map(({ code }) => code),
  )
  expect(retriedCodes).toEqual(
    Object.values(closeCodes)
      .filter(({ retry }) => retry)
      .map(({ code }) => code),
  )
})
