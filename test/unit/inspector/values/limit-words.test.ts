import { facadeLimits } from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { limitMeanings, shownLimits } from '../../../../server/inspector/src/values/limit-words.ts'

test('each limit that is announced is told with its value, its unit and what it is', () => {
  const shown = shownLimits(facadeLimits)
  expect(shown.map(({ name }) => name)).toEqual(Object.keys(facadeLimits))
  expect(Object.keys(limitMeanings).sort()).toEqual(Object.keys(facadeLimits).sort())
  expect(shown.filter(({ meaning, value }) => meaning === '' || value === '')).toEqual([])
  const of = (name: string): string => {
    const limit = shown.find(each => each.name === name)
    return `${limit?.value} ${limit?.unit}`
  }
  expect([of('textBytes'), of('resumeMs'), of('deadlineMs'), of('idChars'), of('streams'), of('ackMs')]).toEqual([
    '1 MiB',
    '2 min',
    '24 h',
    '64 characters',
    '32 ',
    '1 s',
  ])
})

test('a limit of a newer gateway is shown with what is known of it', () => {
  expect(shownLimits({ newBytes: 1_500, newMs: 1_234 })).toEqual([
    { name: 'newBytes', value: '1,500', unit: 'bytes', meaning: '' },
    { name: 'newMs', value: '1,234', unit: 'ms', meaning: '' },
  ])
})
