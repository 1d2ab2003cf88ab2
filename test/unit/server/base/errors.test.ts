import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { UnfitResultError } from '../../../../server/src/base/unfit-result.ts'

const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED', address: '127.0.0.1' })
const error = new HalibutError('connect_refused', 'nothing listens at https://agent:1/', {
  phase: 'connect',
  endpoint: 'https://agent:1/',
  advice: 'start the agent',
  cause: refused,
})

test('the JSON of an error has what is known, its causes, and nothing that is not known; stacks only where asked for', () => {
  expect(JSON.parse(JSON.stringify({ error }))).toEqual({
    error: {
      name: 'HalibutError',
      message: 'nothing listens at https://agent:1/',
      kind: 'connect_refused',
      code: 'HAL_ERR_CONNECT_REFUSED',
      phase: 'connect',
      delivery: 'not_sent',
      endpoint: 'https://agent:1/',
      retryable: true,
      advice: 'start the agent',
      cause: { name: 'Error', message: 'connect ECONNREFUSED 127.0.0.1:1', code: 'ECONNREFUSED' },
    },
  })
  const withStacks = error.toJSON({ stack: true })
  expect(withStacks.stack).toContain('errors.test.ts')
  expect(withStacks.cause?.stack).toContain('errors.test.ts')
})

test('what an agent said is there without its stack trace, and what it answered is not', () => {
  const remote = { message: 'no such file', type: 'System.IO.FileNotFoundException', details: 'at Secret.Path()' }
  const said = new HalibutError('service_failed', 'no such file', { remote, delivery: 'executed', retryAfterMs: 5, reason: 'busy' })
  expect(said.toJSON()).toMatchObject({
    remote: { message: 'no such file', type: 'System.IO.FileNotFoundException' },
    retryAfterMs: 5,
    reason: 'busy',
  })
  const unfit = new UnfitResultError(said, { Password: 'hunter2' })
  for (const shown of [JSON.stringify(unfit), JSON.stringify(unfit.toJSON({ stack: true })), inspect(unfit)]) {
    expect(shown).toContain('no such file')
    expect(shown).not.toMatch(/hunter2|Secret\.Path/)
  }
})

test('causes are told a few deep, whatever they are, also where they go in a circle', () => {
  const circle = new HalibutError('closed', 'round')
  circle.cause = new HalibutError('closed', 'and round', { cause: circle })
  const text = JSON.stringify(circle)
  expect(text.split('"closed"')).toHaveLength(1 + 5)
  expect(inspect(circle).split('\n').length).toBeLessThan(200)
  for (const [cause, told] of [
    ['text', { name: 'string', message: 'text' }],
    [5n, { name: 'bigint', message: '5' }],
    [null, { name: 'object', message: 'an object that is no error' }],
    [{ secret: 1 }, { name: 'object', message: 'an object that is no error' }],
    [Symbol('s'), { name: 'symbol', message: 'Symbol(s)' }],
  ] as const) {
    expect(new HalibutError('closed', 'x', { cause }).toJSON().cause).toEqual(told)
  }
  expect(new HalibutError('closed', 'x'.repeat(100_000)).toJSON().message.length).toBeLessThan(3_000)
})

test('the console shows the stack, what is known, and the cause', () => {
  const shown = inspect(error)
  expect(shown.startsWith('HalibutError: nothing listens at https://agent:1/\n    at ')).toBe(true)
  expect(shown).toContain("kind: 'connect_refused'")
  expect(shown).toContain("advice: 'start the agent'")
  expect(shown).toMatch(/\[cause\]: Error: connect ECONNREFUSED/)
  expect(shown).not.toContain('undefined')
})
