import { expect, test } from 'vitest'
import { wholeList } from '../../../../server/inspector/src/address/route.ts'
import { createRouter } from '../../../../server/inspector/src/address/router.ts'
import { takeToken, tidyToken } from '../../../../server/inspector/src/address/token.ts'

/** A tab: an address, and the places that Back leads to. */
function createTab(hash: string) {
  const entries = [hash]
  const listeners = new Set<() => void>()
  const tell = (): void => {
    for (const listener of listeners) listener()
  }
  const hashOf = (url: string | URL | null | undefined): string => String(url).replace(/^[^#]*/, '')
  return {
    entries,
    /** As somebody does who writes into the address bar. */
    enter: (next: string) => {
      entries.push(next)
      tell()
    },
    back: () => {
      entries.pop()
      tell()
    },
    location: {
      pathname: '/gw/',
      search: '',
      get hash() {
        return entries.at(-1) ?? ''
      },
    },
    history: {
      pushState: (_data: unknown, _unused: string, url?: string | URL | null) => void entries.push(hashOf(url)),
      replaceState: (_data: unknown, _unused: string, url?: string | URL | null) => void entries.splice(-1, 1, hashOf(url)),
    },
    addEventListener: (_name: string, listener: () => void) => void listeners.add(listener),
  }
}

test('a token is taken out of the address, when the page is opened with it and when it is pasted into its tab', () => {
  const tab = createTab('#token=hgw_1_first')
  const tokens: string[] = []
  const router = createRouter(tab, token => tokens.push(token))
  expect([tokens, tab.entries]).toEqual([['hgw_1_first'], ['#/agents']])
  router.go({ page: 'trust', pending: undefined })
  tab.enter('#token=hgw_2_second')
  // It is a sign-in and no way: one stays where one is.
  expect([tokens, tab.entries]).toEqual([
    ['hgw_1_first', 'hgw_2_second'],
    ['#/agents', '#/trust', '#/trust'],
  ])
  tab.enter('#/agent/web-1?service=IEcho&token=hgw_3_third')
  expect(tokens[2]).toBe('hgw_3_third')
  expect(router.route.value).toMatchObject({ page: 'agent', agent: 'web-1', service: 'IEcho' })
  expect(tab.entries.join()).not.toContain('hgw_')
})

test('Back leads to where one was before, and not through what was only written over', () => {
  const tab = createTab('#/agents')
  const router = createRouter(tab, () => undefined)
  router.replace({ page: 'agents', list: { ...wholeList, search: 'w' } })
  router.replace({ page: 'agents', list: { ...wholeList, search: 'web' } })
  const agent = { page: 'agent', agent: 'web-1', service: undefined, method: undefined, list: { ...wholeList, search: 'web' } } as const
  router.go(agent)
  // The same place once more is no step.
  router.go({ ...agent })
  expect(tab.entries).toEqual(['#/agents?search=web', '#/agent/web-1?search=web'])
  tab.back()
  expect(router.route.value).toEqual({ page: 'agents', list: { ...wholeList, search: 'web' } })
})

test('a token is found in whatever somebody pastes', () => {
  for (const pasted of [
    'hgw_1_a',
    ' hgw_1_a\n',
    'Bearer hgw_1_a',
    '"hgw_1_a"',
    'http://127.0.0.1:8642/#token=hgw_1_a',
    '#/trust?token=hgw_1_a',
  ]) {
    expect(tidyToken(pasted)).toBe('hgw_1_a')
  }
  expect(tidyToken('  ')).toBeUndefined()
  expect(takeToken('#/agents?search=token')).toEqual({ token: undefined, rest: '#/agents?search=token' })
  expect(takeToken('#token=a&x=1').token).toBe('a')
})
