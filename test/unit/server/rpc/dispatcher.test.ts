import { expect, test } from 'vitest'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { failure } from '../../../../server/src/rpc/dispatcher.ts'

test.each([
  ['admin', true],
  ['operator', false],
  ['viewer', false],
  [undefined, false],
] as const)('whether the stack trace of an agent is told to %s: %s', (role, told) => {
  const remote = { message: 'it broke', details: 'System.Exception: it broke\n   at Secret.Place()', type: 'System.Exception' }
  const error = new HalibutError('service_failed', 'it broke', { delivery: 'executed', remote })
  const text = JSON.stringify(failure(1, error, role && { name: 'somebody', role }))
  expect(text).toContain('it broke')
  expect(text.includes('Secret.Place')).toBe(told)
})
