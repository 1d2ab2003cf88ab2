import { expect, test } from 'vitest'
import { wholeList } from '../../../../server/inspector/src/address/route.ts'
import { createRouter } from '../../../../server/inspector/src/address/router.ts'
import { takeToken, tidyToken } from '../../../../server/inspector/src/address/token.ts'

/** A tab: an address, and the places that Back leads to, each with what the page has kept there. */
function createTab(hash: string) {
  const entries = [hash]
  const states: unknown[] = [null]
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
      states.push(null)
      tell()
    },
    back: () => {
      entries.pop()
      states.pop()
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
      get state() {
        return states.at(-1)
      },
      pushState: (state: unknown, _unused: string, url?: string | URL | null) => {
        entries.push(hashOf(url))
        states.push(state)
      },
      replaceState: (state: unknown, _unused: string, url?: string | URL | null) => {
        entries.splice(-1, 1, hashOf(url))
        states.splice(-1, 1, state)
      },
    },
    addEventListener: (_name: string, listener: () => void) => void listeners.add(listener),
  }
}

test('a token is taken out of the address, when the page is opened with it and when it is pasted into its tab', () => {
  const tab = createTab('#token=hgw_1_first')
  const tokens: string[] = []
  const router = createRouter(tab, { onToken: token => tokens.push(token) })
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
  const router = createRouter(tab, { onToken: () => undefined })
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

test('what an address says that no place has is dropped from it', () => {
  const tab = createTab('#/agents?search=web&color=red')
  const router = createRouter(tab, { onToken: () => undefined })
  expect(tab.entries).toEqual(['#/agents?search=web'])
  tab.enter('#/nowhere/at/all?x=1')
  expect(tab.entries.at(-1)).toBe('#/agents')
  expect(router.route.value).toEqual({ page: 'agents', list: wholeList })
})

test('whoever comes back is told from whoever goes on, and what is left is told before what is shown changes', () => {
  const tab = createTab('#/agents')
  const left: string[] = []
  const router = createRouter(tab, {
    onToken: () => undefined,
    onLeave: key => void left.push(`${key} at ${router.route.peek().page}`),
  })
  const first = router.entry.value
  expect(first.isReturn).toBe(false)
  router.go({ page: 'overview' })
  const second = router.entry.value
  // Written over is not gone on.
  router.go({ page: 'agents', list: wholeList })
  const third = router.entry.value
  router.replace({ page: 'agents', list: { ...wholeList, search: 'web' } })
  expect(router.entry.value).toBe(third)
  tab.back()
  expect(router.entry.value).toEqual({ key: second.key, isReturn: true })
  tab.back()
  expect(router.entry.value).toEqual({ key: first.key, isReturn: true })
  expect(left).toEqual([`${first.key} at agents`, `${second.key} at overview`, `${third.key} at agents`, `${second.key} at overview`])
})

test('two that write the address over in turn set off an alarm once, and it is left alone until they have been quiet', () => {
  const tab = createTab('#/agents')
  const alarms: string[] = []
  let time = 0
  const router = createRouter(tab, { onToken: () => undefined, onLoop: address => alarms.push(address), now: () => time })
  const turn = (i: number): void => router.replace({ page: 'agents', list: { ...wholeList, search: i % 2 === 0 ? 'one' : 'other' } })
  for (let i = 0; i < 500; i++) turn(i)
  expect(alarms).toHaveLength(1)
  const stopped = tab.entries.at(-1)
  turn(stopped === '#/agents?search=one' ? 1 : 0)
  expect(tab.entries.at(-1)).toBe(stopped)
  time = 2_000
  router.go({ page: 'overview' })
  expect(tab.entries.at(-1)).toBe('#/overview')
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
