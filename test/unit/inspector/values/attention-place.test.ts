import { type AttentionItem, attentionCodes } from '@halibut-gateway/schemas'
import { expect, test } from 'vitest'
import { formatRoute, parseRoute } from '../../../../server/inspector/src/address/route.ts'
import { attentionPlace } from '../../../../server/inspector/src/values/attention-place.ts'

const about = { agent: 'web-1', thumbprint: 'A'.repeat(40), token: '0123456789abcdef' }
const placeOf = (code: AttentionItem['code'], more: AttentionItem['about'] = about): string | undefined => {
  const place = attentionPlace({ code, about: more })
  return place && formatRoute(place.to)
}

test('each thing that needs a person leads to the place where it can be seen to, and that place is found again by its address', () => {
  expect(Object.fromEntries(attentionCodes.map(code => [code, placeOf(code)]))).toMatchObject({
    store_failing: undefined,
    backup_overdue: undefined,
    gateway_certificate_expires: '#/rotation',
    page_certificate_expires: '#/settings/about',
    agent_certificate_expires: '#/rotation/web-1',
    rotation_under_way: '#/rotation/web-1',
    agent_pending: '#/trust',
    agent_cloned: '#/trust',
    agent_refused: '#/agent/web-1',
    agent_offline: '#/agent/web-1',
    agent_unused: '#/agent/web-1',
    token_expires: '#/settings/tokens?token=0123456789abcdef',
    token_unused: '#/settings/tokens?token=0123456789abcdef',
  })
  expect(placeOf('agent_pending', { pending: 'fedcba9876543210' })).toBe('#/trust/fedcba9876543210')
  expect(placeOf('rotation_under_way', { thumbprint: 'A'.repeat(40) })).toBe('#/rotation')
  for (const code of attentionCodes) {
    const place = attentionPlace({ code, about })
    if (place) expect(formatRoute(parseRoute(formatRoute(place.to)))).toBe(formatRoute(place.to))
  }
})

test('what this page does not know yet leads to its agent, or to the certificates', () => {
  const code = 'something_new' as AttentionItem['code']
  expect([placeOf(code), placeOf(code, { thumbprint: 'A'.repeat(40) }), placeOf(code, {})]).toEqual([
    '#/agent/web-1',
    '#/certificates',
    undefined,
  ])
})
