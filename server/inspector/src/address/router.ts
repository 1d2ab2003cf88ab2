import { batch, type ReadonlySignal, signal } from '@preact/signals'
import { formatRoute, parseRoute, type Route } from './route.ts'
import { takeToken } from './token.ts'

/** One of the places that Back and Forward lead to. */
export interface Entry {
  /** Stays the same for as long as the tab keeps it. */
  readonly key: string
  /** Whether somebody came back to it. */
  readonly isReturn: boolean
}

/** Where the page is, and the ways to somewhere else. */
export interface Router {
  readonly route: ReadonlySignal<Route>
  /** Changes with each step; not where the place is only written over. */
  readonly entry: ReadonlySignal<Entry>
  /** Goes there: Back leads here again. */
  go(route: Route): void
  /** Is there instead: Back leads to where it led before. */
  replace(route: Route): void
}

/** What the router needs of a window. */
export interface AddressBar {
  readonly location: Pick<Location, 'hash' | 'pathname' | 'search'>
  readonly history: Pick<History, 'pushState' | 'replaceState' | 'state'>
  addEventListener(name: 'hashchange' | 'popstate', listener: () => void): void
}

/** What a router is made with. */
export interface RouterOptions {
  /** Hears of a token in the address, whether the page was opened with it or it was pasted into the page’s tab; the address has it no more by then. */
  readonly onToken: (token: string) => void
  /** Hears of a step before what is shown changes: which entry is left. */
  readonly onLeave?: (key: string) => void
  /** Hears where the address is written over again and again, as by two that each want another one. It is then left alone for a while. */
  readonly onLoop?: (address: string) => void
  readonly now?: () => number
}

/** Nobody types so fast, and a browser takes hardly more. */
const mostWrites = 60
const writesWithinMs = 1_000

/**
 * Keeps the page and its address together. What an address says that no place has is dropped from it, so that a link that is copied is as short as
 * it can be.
 */
export function createRouter(bar: AddressBar, { onToken, onLeave, onLoop, now = () => performance.now() }: RouterOptions): Router {
  const route = signal(parseRoute(''))
  const entry = signal<Entry>({ key: '', isReturn: false })
  let writes: number[] = []

  const addressOf = (at: Route): string => bar.location.pathname + bar.location.search + formatRoute(at)
  const keyNow = (): string | undefined => (bar.history.state as { key?: string } | null)?.key

  /** Whether the address may be written once more. */
  function mayWrite(next: Route): boolean {
    const time = now()
    writes = [...writes.filter(at => time - at < writesWithinMs), time]
    if (writes.length <= mostWrites) return true
    if (writes.length === mostWrites + 1) onLoop?.(formatRoute(next))
    return false
  }

  function follow(): void {
    const { token, rest } = takeToken(bar.location.hash)
    // An address with nothing but a token leads to where one is.
    const next = token !== undefined && rest === '' ? route.peek() : parseRoute(rest)
    const known = keyNow()
    const isSame = known !== undefined && known === entry.peek().key
    if (!isSame && entry.peek().key !== '') onLeave?.(entry.peek().key)
    const key = known ?? newKey()
    // A token goes in any case; all else only as often as somebody may mean it.
    if (token !== undefined || ((known === undefined || formatRoute(next) !== bar.location.hash) && mayWrite(next))) {
      bar.history.replaceState({ key }, '', addressOf(next))
    }
    batch(() => {
      if (formatRoute(next) !== formatRoute(route.peek())) route.value = next
      if (!isSame) entry.value = { key, isReturn: known !== undefined }
    })
    if (token !== undefined && token !== '') onToken(token)
  }

  bar.addEventListener('hashchange', follow)
  bar.addEventListener('popstate', follow)
  follow()
  return {
    route,
    entry,
    go: next => {
      if (formatRoute(next) === formatRoute(route.peek()) || !mayWrite(next)) return
      onLeave?.(entry.peek().key)
      const key = newKey()
      bar.history.pushState({ key }, '', addressOf(next))
      batch(() => {
        route.value = next
        entry.value = { key, isReturn: false }
      })
    },
    replace: next => {
      if (formatRoute(next) === formatRoute(route.peek()) || !mayWrite(next)) return
      bar.history.replaceState({ key: entry.peek().key }, '', addressOf(next))
      route.value = next
    },
  }
}

function newKey(): string {
  return crypto.randomUUID().slice(0, 8)
}
