import type { Right } from '@halibut-gateway/schemas/wire'
import { type Route, wholeAudit } from './address/route.ts'
import type { Hotkey } from './commands/hot-keys.ts'
import { listView, session, table, trust } from './page.ts'
import { counted } from './values/format.ts'

/** A page that the navigation leads to. */
export interface Way {
  readonly name: string
  readonly to: () => Route
  /** The pages where one is in this part. */
  readonly pages: readonly Route['page'][]
  readonly hotkey: Hotkey
  /** Without it nothing is there to be seen. */
  readonly right?: Right
  /** How many things there need somebody, with what they are. */
  readonly mark?: () => { readonly count: number; readonly what: string; readonly kind: 'bad' | 'wait' }
}

/** In this order they stand there; each is a command too. */
export const ways: readonly Way[] = [
  { name: 'Overview', to: () => ({ page: 'overview' }), pages: ['overview'], hotkey: 'G O' },
  {
    name: 'Agents',
    to: () => ({ page: 'agents', list: listView.value }),
    pages: ['agents', 'agent', 'attach'],
    hotkey: 'G A',
    mark: () => {
      const { untrusted, offline } = table.counts.value
      const count = untrusted + offline
      return { count, what: `${counted(count, 'agent')} offline or untrusted`, kind: 'bad' }
    },
  },
  {
    name: 'Saved',
    to: () => ({ page: 'saved', collection: undefined, call: undefined, link: undefined }),
    pages: ['saved', 'many'],
    hotkey: 'G S',
  },
  {
    name: 'Trust',
    to: () => ({ page: 'trust', pending: undefined }),
    pages: ['trust', 'certificates', 'rotation'],
    hotkey: 'G T',
    right: 'trust.read',
    mark: () => {
      const count = trust.waiting().length
      return { count, what: `${counted(count, 'machine')} waiting for a decision`, kind: 'wait' }
    },
  },
  {
    name: 'Audit',
    to: () => ({ page: 'audit', query: wholeAudit, entry: undefined }),
    pages: ['audit'],
    hotkey: 'G L',
    right: 'audit.read',
  },
  {
    name: 'Settings',
    to: () => ({ page: 'settings', part: session.may('tokens.read') ? 'tokens' : 'contracts', args: {} }),
    pages: ['settings'],
    hotkey: 'G E',
  },
]

/** Those to pages that who is signed in may see something on. */
export function openWays(): readonly Way[] {
  return ways.filter(isOpen)
}

export function isOpen({ right }: Way): boolean {
  return session.client.value !== undefined && (right === undefined || session.may(right))
}
