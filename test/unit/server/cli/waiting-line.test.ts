import type { CallSnapshot } from '@halibut-gateway/schemas'
import { expect, test } from 'vitest'
import { lineOf } from '../../../../server/src/cli/waiting-line.ts'

const call = { activityId: 'a', agent: 'web-1', service: 'S', method: 'M', principal: 'me', since: '', state: 'queued' } as const
const ahead = { activityId: 'b', service: 'IScripts', method: 'Start()', principal: 'deploy', state: 'running', since: '' } as const
const line = (waiting: Partial<CallSnapshot['waiting']>): string | undefined =>
  lineOf({ ...call, waiting: { reason: 'it is busy', running: 1, ahead: [], hidden: 0, ...waiting } })

test('the line has the place, the reason, the limit, what is ahead and whose, and how many more', () => {
  expect(line({ place: 3, limit: { name: 'maxConnectionsPerAgent', value: 8 }, ahead: [ahead], hidden: 7 })).toBe(
    'waits as number 3: it is busy (maxConnectionsPerAgent: 8); ahead: Start() of IScripts by deploy, 7 more of others',
  )
  expect(line({ hidden: 2 })).toBe('waits: it is busy; ahead: 2 of others')
  expect(line({ reason: 'two\nlines' })).toBe('waits: two lines')
  expect(lineOf(call satisfies CallSnapshot)).toBeUndefined()
})
