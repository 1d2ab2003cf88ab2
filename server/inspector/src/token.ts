const key = 'halibut-gateway.token'

/**
 * The token that opens the gateway: taken from the address (`#token=…`) and stripped from it at once, so that it is not copied along with
 * the address. It stays for this tab, so that the page can be reloaded.
 */
export function takeToken(): string | undefined {
  const fragment = new URLSearchParams(location.hash.slice(1))
  const token = fragment.get('token')
  if (token === null || token === '') return sessionStorage.getItem(key) ?? undefined
  sessionStorage.setItem(key, token)
  history.replaceState(null, '', location.pathname + location.search)
  return token
}
