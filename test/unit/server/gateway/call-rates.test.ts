import { expect, test } from 'vitest'
import { gatewayLimits } from '../../../../server/src/base/limits.ts'
import { CallRates } from '../../../../server/src/gateway/call-rates.ts'

const limits = { socketCallsPerAddress: 3, socketCallsPerToken: 5 }
const { socketRateMs } = gatewayLimits

test('what is more than the allowance of a time is refused until that is over, with how long that takes', () => {
  const allowance = new CallRates(limits).ofAddress('192.0.2.1')
  expect([100, 200, 300].map(nowMs => allowance.take(nowMs))).toEqual([undefined, undefined, undefined])
  expect(allowance.take(400)).toMatchObject({
    kind: 'too_many_calls',
    message: 'more than 3 requests in 10 s from this address',
    retryAfterMs: socketRateMs - 300,
  })
  expect(allowance.take(99 + socketRateMs)).toMatchObject({ retryAfterMs: 1 })
  expect(allowance.take(100 + socketRateMs)).toBeUndefined()
})

test('all sockets of one address, or of one sign-in, have one allowance, and others have theirs', () => {
  const rates = new CallRates(limits)
  expect(rates.ofAddress('192.0.2.1')).toBe(rates.ofAddress('192.0.2.1'))
  expect(rates.ofAddress('192.0.2.1')).not.toBe(rates.ofAddress('192.0.2.2'))
  expect(rates.ofPrincipal('ci')).toBe(rates.ofPrincipal('ci'))
  expect(rates.ofPrincipal('ci')).not.toBe(rates.ofPrincipal('other'))
})

test('so many are remembered, and a socket keeps the one that it has', () => {
  const rates = new CallRates(limits)
  const first = rates.ofAddress('first')
  const kept = rates.ofAddress('kept')
  for (let i = 0; i < gatewayLimits.ratedCallers - 1; i++) {
    rates.ofAddress(`a${i}`)
    expect(rates.ofAddress('kept')).toBe(kept)
  }
  expect(rates.ofAddress('first')).not.toBe(first)
  expect(first.take(0)).toBeUndefined()
})
