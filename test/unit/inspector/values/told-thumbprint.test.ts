import { expect, test } from 'vitest'
import { agentSide } from '../../../../server/inspector/src/state/about.ts'
import { pollingHints } from '../../../../server/inspector/src/values/attach-hints.ts'
import { readTold } from '../../../../server/inspector/src/values/told-thumbprint.ts'

const seen = { thumbprint: 'AB'.repeat(20), thumbprint256: 'CD'.repeat(32) }

test('what a machine tells is compared with what stands at its address, in any spelling and by either digest', () => {
  expect(readTold('', seen)).toEqual({ is: 'none' })
  expect(readTold('ab:'.repeat(20), seen)).toEqual({ is: 'same', thumbprint: seen.thumbprint })
  expect(readTold(` ${seen.thumbprint256.toLowerCase()} `, seen)).toEqual({ is: 'same', thumbprint: seen.thumbprint })
  for (const other of ['00'.repeat(20), '00'.repeat(32)]) expect(readTold(other, seen)).toEqual({ is: 'other', thumbprint: other })
  expect(readTold('abcd', seen)).toEqual({ is: 'unfinished', digits: 4 })
})

test('without a look at the address only a SHA-1 can be pinned', () => {
  expect(readTold(seen.thumbprint, undefined)).toEqual({ is: 'told', thumbprint: seen.thumbprint })
  expect(readTold(seen.thumbprint256, undefined)).toEqual({ is: 'unfinished', digits: 64 })
  expect(readTold('not hex at all, though of forty characters', undefined)).toMatchObject({ is: 'unfinished' })
})

test('who waits for an agent that does not knock is told what to look at, with the address and the port to try', () => {
  const side = agentSide({ thumbprint: 'B'.repeat(40), host: '10.0.0.1', port: 10_943 }, 'gateway.example')
  const hints = pollingHints(side, 0, 0)
  expect(hints.flatMap(({ lines = [] }) => lines)).toEqual(['Test-NetConnection 10.0.0.1 -Port 10943', 'nc -vz 10.0.0.1 10943'])
  expect(hints.map(({ text }) => text).join()).toContain(side.thumbprint)
  expect(pollingHints(side, 1, 2)).toHaveLength(hints.length + 2)
  const here = agentSide({ ...side, host: '127.0.0.1' }, '127.0.0.1')
  expect(pollingHints(here, 0, 0).flatMap(({ lines = [] }) => lines)).toEqual([])
})
