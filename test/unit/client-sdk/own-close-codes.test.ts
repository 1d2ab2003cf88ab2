import { closeCodes } from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { ownCloseCodes, retriedCodes } from '../../../client-sdk/src/own-close-codes.ts'

test('the close codes that the package goes by say what the one table says', () => {
  for (const [reason, code] of Object.entries(ownCloseCodes)) expect(closeCodes[reason as keyof typeof ownCloseCodes].code).toBe(code)
  expect(retriedCodes).toEqual(
    Object.values(closeCodes)
      .filter(({ retry }) => retry)
      .map(({ code }) => code),
  )
})
