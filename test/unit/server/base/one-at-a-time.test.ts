import { expect, test } from 'vitest'
import { deferred } from '../../../../server/src/base/deferred.ts'
import { OneAtATime } from '../../../../server/src/base/one-at-a-time.ts'

test('each change begins when the one before has ended, well or not, and settles as itself', async () => {
  const changes = new OneAtATime()
  const first = deferred<void>()
  const began: string[] = []
  const one = changes.run(async () => {
    began.push('one')
    await first.promise
    throw new Error('the first one failed')
  })
  const two = changes.run(async () => began.push('two'))
  await new Promise(setImmediate)
  expect(began).toEqual(['one'])
  first.resolve()
  await expect(one).rejects.toThrow('the first one failed')
  expect(await two).toBe(2)
})
