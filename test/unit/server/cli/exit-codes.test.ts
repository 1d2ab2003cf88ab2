import { type ErrorKind, errorTable } from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { exitCodes, exitCodesText, exitOf } from '../../../../server/src/cli/exit-codes.ts'

test('no two exits have one code, and none is one that shells have for themselves', () => {
  const codes = Object.values(exitCodes).map(({ code }) => code)
  expect(new Set(codes).size).toBe(codes.length)
  expect(codes.filter(code => code > 125)).toEqual([129, 130, 143])
})

test('every kind of error ends in an exit, and none of them as done', () => {
  const exits = (Object.keys(errorTable) as ErrorKind[]).map(kind => exitOf({ kind }))
  for (const exit of exits) expect(Object.keys(exitCodes)).toContain(exit)
  expect(exits).not.toContain('done')
})

test('whether the request may have run decides, but for what was refused before', () => {
  expect(exitOf({ kind: 'deadline_exceeded', delivery: 'unknown', agent: 'a' })).toBe('mayHaveRun')
  expect(exitOf({ kind: 'cancelled', delivery: 'unknown', agent: 'a' })).toBe('mayHaveRun')
  expect(exitOf({ kind: 'cancelled', delivery: 'not_sent', agent: 'a' })).toBe('interrupted')
  expect(exitOf({ kind: 'deadline_exceeded', delivery: 'not_sent', agent: 'a' })).toBe('agentUnreachable')
  expect(exitOf({ kind: 'serialization_failed', delivery: 'executed', agent: 'a' })).toBe('agentFailed')
  expect(exitOf({ kind: 'service_not_found', delivery: 'executed', agent: 'a' })).toBe('notFound')
  expect(exitOf({ kind: 'connect_failed' })).toBe('unreachable')
})

test('the help shows every code with its meaning', () => {
  for (const { code, meaning } of Object.values(exitCodes)) expect(exitCodesText()).toContain(`${code}  ${meaning}`)
})
