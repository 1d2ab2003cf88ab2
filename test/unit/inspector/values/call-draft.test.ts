import { expect, test } from 'vitest'
import { misfitOfDraft, streamContentOf } from '../../../../server/inspector/src/values/call-draft.ts'

const draft = { agent: 'web-1', service: 'IEcho', method: 'Say(string)', args: ['Ada'] }

test('a draft has a target, a list of arguments, and times that are times', () => {
  expect(misfitOfDraft({ ...draft, timeoutMs: 1_000, queueTimeoutMs: 5, idempotencyKey: 'once' })).toBeUndefined()
  for (const broken of [
    undefined,
    [],
    'x',
    { ...draft, agent: '' },
    { ...draft, service: 5 },
    { ...draft, method: 'x'.repeat(600) },
    { ...draft, args: {} },
    { ...draft, args: Array.from({ length: 65 }) },
    { ...draft, timeoutMs: 0 },
    { ...draft, queueTimeoutMs: 1.5 },
    { ...draft, idempotencyKey: 'x'.repeat(129) },
  ]) {
    expect(misfitOfDraft(broken)).toBeTypeOf('string')
  }
})

test('only what says so and nothing else is the content of a data stream', () => {
  expect(streamContentOf({ $text: '' })).toEqual({ $text: '' })
  for (const other of [{ $text: 1 }, { $text: '', a: 1 }, { $other: '' }, {}, null, 'x']) expect(streamContentOf(other)).toBeUndefined()
})
