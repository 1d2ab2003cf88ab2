import { expect, test } from 'vitest'
import { failedWhere, plainMessage, whatCame } from '../../../../server/inspector/src/values/failure-words.ts'

test('a failure is told with where, and what came', () => {
  expect(failedWhere({ kind: 'connect_refused', phase: 'connect' })).toBe('It failed while the connection to the agent was being opened.')
  expect(failedWhere({ kind: 'invalid_params', phase: undefined })).toContain('refused before anything was sent')
  expect(whatCame({ delivery: 'unknown', remote: undefined, result: undefined })).toBe('No answer came.')
  expect(whatCame({ delivery: 'executed', remote: { message: 'no' }, result: undefined })).toContain('an error')
  expect(whatCame({ delivery: 'executed', remote: undefined, result: 1 })).toContain('does not fit the contract')
})

test('what .NET puts around a message is folded away, and the message stays', () => {
  const wrapped =
    'System.Reflection.TargetInvocationException: System.ArgumentException: the name is taken\n   at Service.Add(String name)\n   at Other()'
  expect(plainMessage(wrapped)).toEqual({ text: 'the name is taken', isShortened: true })
  for (const plain of ['nothing listens there', 'Note: two\nlines', 'System.Exception: ']) {
    expect(plainMessage(plain)).toEqual({ text: plain.trim(), isShortened: false })
  }
})
