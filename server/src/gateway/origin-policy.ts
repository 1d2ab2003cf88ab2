import { HalibutError } from '../base/errors.ts'

/**
 * The exact lists of Host and Origin headers that are answered at all: a page of another origin cannot use the browser’s position, and a
 * name that was rebound to our address does not reach us.
 */
export class OriginPolicy {
  readonly #hosts = new Set<string>()
  readonly #origins = new Set<string>()

  constructor(lists: { readonly hosts?: readonly string[]; readonly origins?: readonly string[] } = {}) {
    for (const host of lists.hosts ?? []) this.#allowHost(checkHost(host))
    for (const origin of lists.origins ?? []) this.allowOrigin(origin)
  }

  /** Allows `scheme://host:port` and its Host header, for each name that this machine’s loopback has. */
  allowLoopback(port: number, scheme: 'http' | 'https' = 'http'): void {
    for (const name of ['127.0.0.1', 'localhost', '[::1]']) this.allowOrigin(new URL(`${scheme}://${name}:${port}`).origin)
  }

  /** Allows an origin, and its host. Throws `invalid_argument` where it is none. */
  allowOrigin(origin: string): void {
    const url = URL.canParse(origin) ? new URL(origin) : undefined
    if (!url || url.origin !== origin || !/^https?:$/.test(url.protocol)) {
      throw new HalibutError('invalid_argument', `${JSON.stringify(origin)} is not an origin such as https://gateway.example:8443`)
    }
    this.#origins.add(origin)
    this.#hosts.add(url.host)
  }

  /** The page that is served under a name is of that name’s origin, with TLS (a proxy’s) or without. */
  #allowHost(host: string): void {
    this.#hosts.add(host)
    for (const scheme of ['http', 'https']) this.#origins.add(new URL(`${scheme}://${host}`).origin)
  }

  answersAs(host: string): boolean {
    return this.#hosts.has(host.toLowerCase())
  }

  /** A request without Origin does not come from a page. */
  allows(origin: string | undefined): boolean {
    return origin === undefined || this.#origins.has(origin)
  }
}

function checkHost(host: string): string {
  if (!/^[a-z0-9.-]+(:\d+)?$|^\[[0-9a-f:.]+\](:\d+)?$/i.test(host) || !URL.canParse(`http://${host}`)) {
    throw new HalibutError('invalid_argument', `${JSON.stringify(host)} is not a host such as gateway.example:8443`)
  }
  return host.toLowerCase()
}
