import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  agentStates,
  agentTabs,
  auditFilters,
  certificateKinds,
  columnKeys,
  formatRoute,
  groupings,
  lookBacks,
  mostSelected,
  parseRoute,
  type Route,
  settingsNames,
  settingsParts,
  sortKeys,
  wholeAudit,
  wholeList,
} from '../../../../server/inspector/src/address/route.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 20 })
const list = fc.record({
  search: text,
  states: fc.subarray([...agentStates]),
  tag: text,
  sort: fc.constantFrom(...sortKeys),
  descending: fc.boolean(),
  group: fc.constantFrom('' as const, ...groupings),
  closed: fc.uniqueArray(fc.stringMatching(/^[A-Za-z0-9._:/=-]{1,9}$/), { maxLength: 3 }),
  columns: fc.option(fc.subarray([...columnKeys]), { nil: undefined }),
})
const id = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,9}$/)
const selected = fc.oneof(
  fc.constant({}),
  fc.constant({ selected: 'shown' as const }),
  fc.uniqueArray(id, { minLength: 1, maxLength: 5 }).map(ids => ({ selected: ids })),
)
const moment = fc.date({ min: new Date(0), max: new Date('2100-01-01T00:00:00Z'), noInvalidDate: true })
const range = fc.oneof(
  fc.constant({}),
  fc.constantFrom(...lookBacks.filter(each => each !== 15)).map(minutes => ({ range: { minutes } })),
  fc
    .tuple(moment, moment)
    .filter(([from, to]) => from < to)
    .map(([from, to]) => ({ range: { from: from.toISOString(), to: to.toISOString() } })),
)
const part = fc.option(
  text.filter(each => each !== ''),
  { nil: undefined },
)
/** Ids and tags: they have no commas. */
const ids = fc.uniqueArray(fc.stringMatching(/^[a-z0-9._-]{1,8}$/), { maxLength: 4 })
const route: fc.Arbitrary<Route> = fc.oneof(
  range.map(each => ({ page: 'overview' as const, ...each })),
  fc.tuple(list, selected).map(([each, more]) => ({ page: 'agents' as const, list: each, ...more })),
  fc.record({
    page: fc.constant('agent' as const),
    agent: text.filter(each => each !== ''),
    service: part,
    method: part,
    tab: fc.option(fc.constantFrom(...agentTabs), { nil: undefined }),
    explain: part,
    args: part,
    timeout: part,
    list,
  }),
  fc.constantFrom('listening' as const, 'polling' as const).map(mode => ({ page: 'attach' as const, mode })),
  fc.constant({ page: 'components' as const }),
  part.map(pending => ({ page: 'trust' as const, pending })),
  fc.record({ page: fc.constant('saved' as const), collection: part, call: part, link: part }),
  fc.record({ page: fc.constant('many' as const), tags: ids, search: text, picked: ids, service: part, method: part }),
  fc.record({ page: fc.constant('certificates' as const), view: fc.record({ search: text, only: fc.constantFrom(...certificateKinds) }) }),
  part.map(agent => ({ page: 'rotation' as const, agent })),
  fc.record({
    page: fc.constant('audit' as const),
    query: fc.record(Object.fromEntries(auditFilters.map(name => [name, text])) as Record<(typeof auditFilters)[number], typeof text>),
    entry: fc.option(fc.integer({ min: 1, max: 999_999_999_999_999 }), { nil: undefined }),
  }),
  fc.record({
    page: fc.constant('settings' as const),
    part: fc.constantFrom(...settingsParts),
    args: fc
      .dictionary(
        fc.constantFrom(...settingsNames),
        text.filter(each => each !== ''),
      )
      .map(each => ({ ...each })),
  }),
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

test('a place in the audit log that is none leads to the log, and one of the settings that is none to the first of them', () => {
  for (const hash of ['#/audit/0', '#/audit/-1', '#/audit/1e9', '#/audit/x?colour=red']) {
    expect(parseRoute(hash)).toEqual({ page: 'audit', query: wholeAudit, entry: undefined })
  }
  expect(parseRoute('#/settings/nothing?token=&who=ada')).toEqual({ page: 'settings', part: 'tokens', args: { who: 'ada' } })
  expect(parseRoute('#/certificates?only=some')).toEqual({ page: 'certificates', view: { search: '', only: 'all' } })
})

test('a time that is none, or ends before it begins, is the usual one, and more agents than can be selected are not', () => {
  for (const range of ['minutes=7', 'from=yesterday&to=now', 'from=2030-01-02T00:00:00Z&to=2030-01-01T00:00:00Z', 'from=2030-01-02']) {
    expect(parseRoute(`#/overview?${range}`)).toEqual({ page: 'overview' })
  }
  const many = Array.from({ length: mostSelected + 1 }, (_, i) => `a${i}`)
  expect(parseRoute(`#/agents?selected=${many.join(',')}`)).toMatchObject({ selected: many.slice(0, mostSelected) })
})
