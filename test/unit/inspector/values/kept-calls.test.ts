import { Download, GatewayError } from '@halibut-gateway/client'
import { expect, test } from 'vitest'
import { readCalls, writeCalls } from '../../../../server/inspector/src/values/kept-calls.ts'
import type { CallOutcome, MadeCall } from '../../../../server/inspector/src/values/made-call.ts'

function made(number: number, change: Partial<MadeCall> = {}): MadeCall {
  const args = change.args ?? ['a']
  return {
    number,
    agent: 'web-1',
    service: 'IService',
    signature: 'M(string)',
    args,
    shownArgs: args,
    startedAt: 1,
    key: `key ${number}`,
    epoch: 'e',
    outcome: { at: 'running' },
    ...change,
  }
}

function answered(value: unknown): CallOutcome {
  return { at: 'answered', result: { value, signature: 'M(string)', activityId: 'x', durationMs: 1 }, elapsedMs: 2 }
}

test('calls come back as they were, errors among them', () => {
  const error = new GatewayError('service_failed', 'on purpose', {
    delivery: 'executed',
    phase: 'response',
    remote: { message: 'x' },
    traceId: 't',
  })
  const calls = [made(3), made(2, { outcome: answered({ a: [1, null] }) }), made(1, { outcome: { at: 'failed', error, elapsedMs: 3 } })]
  const back = readCalls(writeCalls(calls))
  expect(back).toEqual(calls)
  const [, , failed] = back
  expect(failed?.outcome.at === 'failed' && failed.outcome.error).toBeInstanceOf(GatewayError)
})

test('secrets, files and long values are not kept', () => {
  const file = new File(['hello'], 'hello.txt')
  const calls = [
    made(3, { args: ['secret'], shownArgs: ['•••'] }),
    made(2, { args: [file], shownArgs: [file], outcome: answered('x'.repeat(200_000)) }),
    made(1, { outcome: answered(Object.create(Download.prototype)) }),
  ]
  const text = writeCalls(calls)
  expect(text).not.toContain('secret')
  expect(text.length).toBeLessThan(5_000)
  const [hidden, uploaded, streamed] = readCalls(text)
  expect([hidden?.args, uploaded?.args, uploaded?.shownArgs]).toEqual([undefined, undefined, [{ file: 'hello.txt', bytes: 5 }]])
  expect([uploaded?.outcome, streamed?.outcome]).toMatchObject([{ dropped: 'long' }, { dropped: 'stream' }])
})

test('an answer of which the contract says that a secret is in it is not kept, nor what an error tells of it', () => {
  const error = new GatewayError('serialization_failed', 'it does not fit', {
    delivery: 'executed',
    errors: [{ path: '/value', expected: 'text', got: 'sesame' }],
    result: { pin: 'sesame' },
  })
  const calls = [
    made(2, { hidesResult: true, outcome: answered({ pin: 'sesame' }) }),
    made(1, { hidesResult: true, outcome: { at: 'failed', error, elapsedMs: 3 } }),
  ]
  const text = writeCalls(calls)
  expect(text).not.toContain('sesame')
  const [kept, failed] = readCalls(text)
  expect(kept?.outcome).toMatchObject({ at: 'answered', dropped: 'secret' })
  expect(failed?.outcome).toMatchObject({ at: 'failed', error: { kind: 'serialization_failed', delivery: 'executed' } })
})

test('as many are kept as there is room for, the newest, and text that is none gives none', () => {
  const calls = Array.from({ length: 100 }, (_, i) => made(100 - i, { args: ['y'.repeat(30_000)] }))
  const back = readCalls(writeCalls(calls))
  expect(back[0]?.number).toBe(100)
  expect(back.length).toBeGreaterThan(10)
  expect(writeCalls(calls).length).toBeLessThan(1_100_000)
  for (const text of [null, '', '{', '7', 'null']) expect(readCalls(text)).toEqual([])
})
