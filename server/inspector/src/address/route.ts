import type { AgentStateName } from '@halibut-gateway/schemas'

/** The states of an agent, those first that need somebody. */
export const agentStates = ['untrusted', 'offline', 'suspect', 'connected', 'disabled'] as const satisfies readonly AgentStateName[]

/** What agents can be put in order by. */
export const sortKeys = ['name', 'id', 'state', 'since', 'called', 'waiting', 'mode', 'address'] as const
export type SortKey = (typeof sortKeys)[number]

/** What agents can be grouped by. */
export const groupings = ['state', 'tag'] as const
export type Grouping = (typeof groupings)[number]

/** What the table of agents can show beside state and name, in its order. */
export const columnKeys = ['id', 'why', 'address', 'pin', 'mode', 'called', 'waiting', 'tags'] as const
export type ColumnKey = (typeof columnKeys)[number]

/** Minutes that the overview can look back. */
export const lookBacks = [5, 15, 60, 360] as const
export type LookBack = (typeof lookBacks)[number]

/** The time that the overview shows: the last minutes, or from one moment to another, RFC 3339. */
export type TimeRange = { readonly minutes: LookBack } | { readonly from: string; readonly to: string }

/** So many agents can be selected one by one: they stand in the address. */
export const mostSelected = 100

/** Which agents are selected: some by their ids, or all that the list shows. */
export type Selection = readonly string[] | 'shown'

/** What the list of agents is narrowed to, and its order. */
export interface ListView {
  readonly search: string
  /** Only those in one of these states; all where there is none. */
  readonly states: readonly AgentStateName[]
  readonly tag: string
  readonly sort: SortKey
  readonly descending: boolean
  readonly group: Grouping | ''
  /** Groups whose agents are not shown. */
  readonly closed: readonly string[]
  /** Those that are shown; as many as there is room for where nobody has chosen. */
  readonly columns: readonly ColumnKey[] | undefined
}

/** What of an agent can be looked at beside the form to call it. */
export const agentTabs = ['activity', 'connections', 'health', 'contracts', 'change'] as const
export type AgentTab = (typeof agentTabs)[number]

/** A place in the page: all of it stands in the address, so that it can be linked to. */
export type Route =
  | { readonly page: 'overview'; readonly range?: TimeRange }
  | { readonly page: 'agents'; readonly list: ListView; readonly selected?: Selection }
  /** One agent beside the list that it was found in. */
  | {
      readonly page: 'agent'
      readonly list: ListView
      readonly agent: string
      readonly service: string | undefined
      /** The signature of a method. */
      readonly method: string | undefined
      /** Default: the form to call it. */
      readonly tab?: AgentTab | undefined
      /** The call whose failure is explained, by its activity id. */
      readonly explain?: string | undefined
      /** What its form is filled in with: arguments as JSON, and a deadline in seconds. */
      readonly args?: string | undefined
      readonly timeout?: string | undefined
    }
  | { readonly page: 'attach'; readonly mode: 'listening' | 'polling' }
  | { readonly page: 'trust'; readonly pending: string | undefined }
  /** Saved calls: a collection of this browser by its id and a call of it by its name, or a call that the link itself holds. */
  | {
      readonly page: 'saved'
      readonly collection: string | undefined
      readonly call: string | undefined
      readonly link: string | undefined
    }
  /** One call to many agents: those with one of the tags that the search finds, or those that were picked. */
  | {
      readonly page: 'many'
      readonly tags: readonly string[]
      readonly search: string
      readonly picked: readonly string[]
      readonly service: string | undefined
      /** The signature of a method. */
      readonly method: string | undefined
    }
  /** Every component in each of its states, for who builds the page. */
  | { readonly page: 'components' }
  | { readonly page: 'certificates'; readonly view: CertificateView }
  /** How a certificate takes the place of another: of an agent, else of the gateway. */
  | { readonly page: 'rotation'; readonly agent: string | undefined }
  /** The audit log, or beside it one entry. */
  | { readonly page: 'audit'; readonly query: AuditView; readonly entry: number | undefined }
  | { readonly page: 'settings'; readonly part: SettingsPart; readonly args: SettingsArgs }

/** Which certificates are shown. */
export const certificateKinds = ['all', 'expiring', 'unused', 'revoked'] as const
export interface CertificateView {
  readonly search: string
  readonly only: (typeof certificateKinds)[number]
}

/** What is looked for in the audit log; an empty text is no matter. */
export const auditFilters = ['text', 'who', 'agent', 'action', 'outcome', 'from', 'to'] as const
export type AuditView = Readonly<Record<(typeof auditFilters)[number], string>>

/** The pages of the settings. */
export const settingsParts = ['tokens', 'rules', 'contracts', 'limits', 'about'] as const
export type SettingsPart = (typeof settingsParts)[number]
/** What is chosen there: a token, a contract, or a question about the rules. */
export const settingsNames = ['token', 'service', 'agent', 'who', 'role', 'method'] as const
export type SettingsArgs = { readonly [N in (typeof settingsNames)[number]]?: string }

/** Every certificate. */
export const allCertificates: CertificateView = { search: '', only: 'all' }

/** The whole audit log. */
export const wholeAudit: AuditView = { text: '', who: '', agent: '', action: '', outcome: '', from: '', to: '' }

/** All agents, by name. */
export const wholeList: ListView = {
  search: '',
  states: [],
  tag: '',
  sort: 'name',
  descending: false,
  group: '',
  closed: [],
  columns: undefined,
}
/** What the overview shows where nothing is said. */
export const usualRange: TimeRange = { minutes: 15 }

/** The place that the part of an address behind `#` names. What it does not know it leaves out. */
export function parseRoute(hash: string): Route {
  const text = hash.replace(/^#\/?/, '')
  const [path = '', query = ''] = cutAt(text, '?')
  const [page = '', id = '', part = ''] = path.split('/').map(decoded)
  const args = new URLSearchParams(query)
  switch (page) {
    case 'agent':
      if (id === '') break
      return {
        page,
        agent: id,
        service: args.get('service') ?? undefined,
        method: args.get('method') ?? undefined,
        tab: agentTabs.find(tab => tab === part),
        explain: args.get('explain') ?? undefined,
        args: args.get('args') ?? undefined,
        timeout: args.get('timeout') ?? undefined,
        list: parseList(args),
      }
    case 'overview':
      return { page, ...parseRange(args) }
    case 'components':
      return { page }
    case 'attach':
      return { page, mode: id === 'polling' ? 'polling' : 'listening' }
    case 'trust':
      return { page, pending: id === '' ? undefined : id }
    case 'saved':
      return { page, collection: id === '' ? undefined : id, call: args.get('call') ?? undefined, link: args.get('link') ?? undefined }
    case 'many':
      return {
        page,
        tags: listOf(args.get('tag')),
        search: args.get('search') ?? '',
        picked: listOf(args.get('agents')),
        service: args.get('service') ?? undefined,
        method: args.get('method') ?? undefined,
      }
    case 'certificates': {
      const only = certificateKinds.find(kind => kind === args.get('only')) ?? 'all'
      return { page, view: { search: args.get('search') ?? '', only } }
    }
    case 'rotation':
      return { page, agent: id === '' ? undefined : id }
    case 'audit': {
      const query = Object.fromEntries(auditFilters.map(name => [name, args.get(name) ?? ''])) as AuditView
      return { page, query, entry: /^[1-9]\d{0,14}$/.test(id) ? Number(id) : undefined }
    }
    case 'settings': {
      const given = settingsNames.map(name => [name, args.get(name) ?? ''] as const).filter(([, value]) => value !== '')
      return { page, part: settingsParts.find(part => part === id) ?? 'tokens', args: Object.fromEntries(given) }
    }
    default:
  }
  return { page: 'agents', list: parseList(args), ...parseSelection(args) }
}

/** The same as the part of an address behind `#`, with it. */
export function formatRoute(route: Route): string {
  switch (route.page) {
    case 'agents':
      return `#/agents${formatQuery({ ...listArgs(route.list), selected: selectionText(route.selected) })}`
    case 'agent': {
      const { agent, tab, service, method, args, timeout, explain, list } = route
      const query = formatQuery({ service, method, args, timeout, explain, ...listArgs(list) })
      return `#/agent/${encodeURIComponent(agent)}${tab === undefined ? '' : `/${tab}`}${query}`
    }
    case 'overview':
      return `#/overview${formatQuery(rangeArgs(route.range))}`
    case 'components':
      return `#/${route.page}`
    case 'attach':
      return `#/attach/${route.mode}`
    case 'trust':
      return route.pending === undefined ? '#/trust' : `#/trust/${encodeURIComponent(route.pending)}`
    case 'saved': {
      const path = route.collection === undefined ? '#/saved' : `#/saved/${encodeURIComponent(route.collection)}`
      return `${path}${formatQuery({ call: route.call, link: route.link })}`
    }
    case 'many': {
      const { tags, search, picked, service, method } = route
      return `#/many${formatQuery({ tag: tags.join(), search, agents: picked.join(), service, method })}`
    }
    case 'certificates': {
      const { search, only } = route.view
      return `#/certificates${formatQuery({ search, only: only === 'all' ? '' : only })}`
    }
    case 'rotation':
      return route.agent === undefined ? '#/rotation' : `#/rotation/${encodeURIComponent(route.agent)}`
    case 'audit':
      return `#/audit${route.entry === undefined ? '' : `/${route.entry}`}${formatQuery(route.query)}`
    case 'settings':
      return `#/settings/${route.part}${formatQuery(route.args)}`
  }
}

function parseList(args: URLSearchParams): ListView {
  const wanted = listOf(args.get('state'))
  const sort = args.get('sort') ?? ''
  const columns = args.get('columns')
  return {
    search: args.get('search') ?? '',
    states: agentStates.filter(state => wanted.includes(state)),
    tag: args.get('tag') ?? '',
    sort: sortKeys.find(key => key === sort.replace('-', '')) ?? wholeList.sort,
    descending: sort.startsWith('-'),
    group: groupings.find(each => each === args.get('group')) ?? '',
    closed: listOf(args.get('closed')),
    columns: columns === null ? undefined : columnKeys.filter(key => columns.split(',').includes(key)),
  }
}

function listArgs({ search, states, tag, sort, descending, group, closed, columns }: ListView): Record<string, string | undefined> {
  return {
    search,
    state: states.join(','),
    tag,
    sort: descending ? `-${sort}` : sort === wholeList.sort ? '' : sort,
    group,
    closed: closed.join(','),
    // None at all is a choice too.
    columns: columns && (columns.length === 0 ? 'none' : columns.join(',')),
  }
}

function parseSelection(args: URLSearchParams): { selected?: Selection } {
  if (args.get('selected') === '*') return { selected: 'shown' }
  const selected = listOf(args.get('selected')).slice(0, mostSelected)
  return selected.length === 0 ? {} : { selected }
}

function selectionText(selected: Selection | undefined): string {
  return selected === 'shown' ? '*' : (selected ?? []).join(',')
}

function parseRange(args: URLSearchParams): { range?: TimeRange } {
  const [from, to] = [timeOf(args.get('from')), timeOf(args.get('to'))]
  if (from !== undefined && to !== undefined && from < to) return { range: { from, to } }
  const minutes = lookBacks.find(each => String(each) === args.get('minutes'))
  return minutes === undefined || minutes === 15 ? {} : { range: { minutes } }
}

function rangeArgs(range: TimeRange = usualRange): Record<string, string> {
  if ('from' in range) return { from: range.from, to: range.to }
  return { minutes: range.minutes === 15 ? '' : String(range.minutes) }
}

/** In its one spelling; texts of times are in the order of time then. */
function timeOf(text: string | null): string | undefined {
  const ms = Date.parse(text ?? '')
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString()
}

/** Nothing stands there that is empty. */
function formatQuery(args: Record<string, string | undefined>): string {
  const given = Object.entries(args).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '')
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`
}

/** Ids and tags have no commas in them. */
function listOf(text: string | null): readonly string[] {
  return [...new Set((text ?? '').split(',').filter(each => each !== ''))]
}

function cutAt(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
