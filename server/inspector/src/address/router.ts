import { type ReadonlySignal, signal } from '@preact/signals'
import { formatRoute, parseRoute, type Route } from './route.ts'
import { takeToken } from './token.ts'

/** Where the page is, and the ways to somewhere else. */
export interface Router {
  readonly route: ReadonlySignal<Route>
  /** Goes there: Back leads here again. */
  go(route: Route): void
  /** Is there instead: Back leads to where it led before. */
  replace(route: Route): void
}

/** What the router needs of a window. */
export interface AddressBar {
  readonly location: Pick<Location, 'hash' | 'pathname' | 'search'>
  readonly history: Pick<History, 'pushState' | 'replaceState'>
  addEventListener(name: 'hashchange' | 'popstate', listener: () => void): void
}

/**
 * Keeps the page and its address together. `onToken` hears of a token in the address, whether the page was opened with it or it was pasted
 * into the page’s tab; the address has it no more by then.
 */
export function createRouter(bar: AddressBar, onToken: (token: string) => void): Router {
  const route = signal(parseRoute(''))
  const addressOf = (at: Route): string => bar.location.pathname + bar.location.search + formatRoute(at)
  const follow = (): void => {
    const { token, rest } = takeToken(bar.location.hash)
    // An address with nothing but a token leads to where one is.
    const next = token !== undefined && rest === '' ? route.peek() : parseRoute(rest)
    if (token !== undefined) bar.history.replaceState(null, '', addressOf(next))
    if (formatRoute(next) !== formatRoute(route.peek())) route.value = next
    if (token !== undefined && token !== '') onToken(token)
  }
  bar.addEventListener('hashchange', follow)
  bar.addEventListener('popstate', follow)
  follow()
  return {
    route,
    go: next => {
      if (formatRoute(next) === formatRoute(route.peek())) return
      bar.history.pushState(null, '', addressOf(next))
      route.value = next
    },
    replace: next => {
      if (formatRoute(next) === formatRoute(route.peek())) return
      bar.history.replaceState(null, '', addressOf(next))
      route.value = next
    },
  }
}
