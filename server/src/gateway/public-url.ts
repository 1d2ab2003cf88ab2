import { HalibutError } from '../base/errors.ts'

/** Where browsers reach the gateway. Throws `invalid_argument` where that is no address of a page; the path is given with a slash at its end. */
export function parsePublicUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new HalibutError('invalid_argument', `publicUrl: ${JSON.stringify(text)} is not an address such as https://gateway.example/gw/`)
  }
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  return url
}

/** Takes the path of the public address off a request’s, where the proxy has left it there. */
export function pathBelow(publicPath: string, requested: string): string {
  return requested.startsWith(publicPath) ? requested.slice(publicPath.length - 1) : requested
}
