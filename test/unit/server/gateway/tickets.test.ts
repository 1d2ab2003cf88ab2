import { expect, test } from 'vitest'
import { Tickets } from '../../../../server/src/gateway/tickets.ts'

const principal = { name: 'p', role: 'viewer' } as const

test('a ticket works once, within its time, for its Origin', () => {
  let now = 0
  const tickets = new Tickets(() => now)
  const issue = (origin?: string): string => tickets.issue(principal, origin).ticket
  const [first, second, third] = [issue('https://a'), issue('https://a'), issue()]
  expect(first).toMatch(/^hgt_[\w-]{43}$/)
  expect([tickets.redeem(first, 'https://a'), tickets.redeem(first, 'https://a')]).toEqual([principal, undefined])
  expect([tickets.redeem(second, 'https://b'), tickets.redeem(second, 'https://a')]).toEqual([undefined, undefined])
  expect(tickets.redeem(third, undefined)).toEqual(principal)
  const late = issue()
  now = 30_000
  expect(tickets.redeem(late, undefined)).toBeUndefined()
  expect(tickets.redeem('hgt_made-up', undefined)).toBeUndefined()
})

test('tickets that nobody uses are forgotten, and there is a limit', () => {
  let now = 0
  const tickets = new Tickets(() => now)
  const first = tickets.issue(principal, undefined).ticket
  for (let i = 0; i < 10_000; i++) tickets.issue(principal, undefined)
  expect(tickets.size).toBe(10_000)
  expect(tickets.redeem(first, undefined)).toBeUndefined()
  now = 30_000
  tickets.issue(principal, undefined)
  expect(tickets.size).toBe(1)
})
