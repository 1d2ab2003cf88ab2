import type { AttentionItem } from '@halibut-gateway/schemas'
import { expect, test } from 'vitest'
import { groupedAttention } from '../../../../server/inspector/src/values/grouped-attention.ts'

const item = (code: AttentionItem['code'], id: string): AttentionItem => ({
  id,
  code,
  severity: 'warning',
  title: code,
  text: id,
  since: '2030-01-01T00:00:00.000Z',
  about: {},
  action: { text: 'look' },
})

test('a few of one kind stand one by one, and many together where the first of them stands', () => {
  const few = ['1', '2', '3'].map(id => item('token_expires', id))
  const many = ['4', '5', '6', '7'].map(id => item('agent_offline', id))
  const groups = groupedAttention([few[0], many[0], ...few.slice(1), ...many.slice(1)].filter(each => each !== undefined))
  expect(groups.map(group => group.map(({ id }) => id).join(''))).toEqual(['1', '2', '3', '4567'])
})
