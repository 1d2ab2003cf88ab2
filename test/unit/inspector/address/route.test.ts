import fc from 'fast-check'
import { expect, test } from 'vitest'
import { agentStates, formatRoute, parseRoute, type Route, sortKeys, wholeList } from '../../../../server/inspector/src/address/route.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 20 })
const list = fc.record({
  search: text,
  states: fc.subarray([...agentStates]),
  tag: text,
  sort: fc.constantFrom(...sortKeys),
  descending: fc.boolean(),
})
const part = fc.option(
  text.filter(each => each !== ''),
  { nil: undefined },
)
/** Ids and tags: they have no commas. */
const ids = fc.uniqueArray(fc.stringMatching(/^[a-z0-9._-]{1,8}$/), { maxLength: 4 })
const route: fc.Arbitrary<Route> = fc.oneof(
  fc.constant({ page: 'overview' as const }),
  list.map(each => ({ page: 'agents' as const, list: each })),
  fc.record({ page: fc.constant('agent' as const), agent: text.filter(each => each !== ''), service: part, method: part, list }),
  fc.constantFrom('listening' as const, 'polling' as const).map(mode => ({ page: 'attach' as const, mode })),
  part.map(pending => ({ page: 'trust' as const, pending })),
  fc.record({ page: fc.constant('saved' as const), collection: part, call: part, link: part }),
  fc.record({ page: fc.constant('many' as const), tags: ids, search: text, picked: ids, service: part, method: part }),
)

test('every place stands in the address and is found again by it', () => {
  fc.assert(
    fc.property(route, each => {
      expect(parseRoute(formatRoute(each))).toEqual(each)
    }),
  )
})

test('an address of no place, or of one that is not there, leads to all agents, and nothing in it does harm', () => {
  for (const hash of ['', '#', '#/', '#/nowhere', '#/agent/', '#token', '#/agents?search']) {
    expect(parseRoute(hash)).toEqual({ page: 'agents', list: wholeList })
  }
  fc.assert(fc.property(fc.string({ maxLength: 60 }), hash => void parseRoute(`#${hash}`)))
})

test('what is unknown in an address is left out, and the rest counts', () => {
  expect(parseRoute('#/agents?search=web&state=offline,broken&sort=-age&color=red')).toEqual({
    page: 'agents',
    list: { ...wholeList, search: 'web', states: ['offline'], descending: true },
  })
  expect(parseRoute('#/agent/%E0%A4%A?method=Add(int64,int64)')).toMatchObject({ agent: '%E0%A4%A', method: 'Add(int64,int64)' })
})
