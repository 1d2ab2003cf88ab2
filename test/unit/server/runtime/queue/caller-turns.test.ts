import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CallerTurns } from '../../../../../server/src/runtime/queue/caller-turns.ts'

test('the order in which all would be taken is the one in which they are', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 30 }), fc.nat(10), (callers, taken) => {
      const turns = new CallerTurns<{ readonly caller: string; readonly number: number }>()
      callers.forEach((caller, number) => {
        turns.add({ caller: `${caller}`, number })
      })
      for (let i = 0; i < taken; i++) turns.take(() => true, undefined)
      const told = [...turns.inTurn()]
      expect(told.map(() => turns.take(() => true, undefined))).toEqual(told)
    }),
  )
})
