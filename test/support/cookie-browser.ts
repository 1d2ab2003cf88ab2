interface Cookie {
  readonly origin: string
  readonly path: string
  readonly value: string
  readonly attributes: readonly string[]
}

/** As much of a browser as signing in takes: it keeps cookies, and goes where it is led. */
export class CookieBrowser {
  readonly cookies = new Map<string, Cookie>()
  /** What it was led to, in order. */
  readonly visited: string[] = []

  /** One request; redirects are not followed. */
  async ask(address: string, init: RequestInit = {}): Promise<Response> {
    const url = new URL(address)
    this.visited.push(address)
    const cookie = [...this.cookies]
      .filter(([, { origin, path }]) => origin === url.origin && `${url.pathname}/`.startsWith(path))
      .map(([name, { value }]) => `${name}=${value}`)
      .join('; ')
    const response = await fetch(url, {
      ...init,
      redirect: 'manual',
      headers: { ...(init.headers as Record<string, string>), ...(cookie === '' ? {} : { cookie }) },
    })
    for (const header of response.headers.getSetCookie()) this.#keep(url, header)
    return response
  }

  /** Goes to an address, and from there wherever it is led; gives the answer that leads nowhere. */
  async visit(address: string): Promise<{ readonly url: string; readonly response: Response }> {
    for (let at = address, steps = 0; steps < 20; steps++) {
      const response = await this.ask(at)
      const location = response.headers.get('location')
      if (location === null) return { url: at, response }
      at = new URL(location, at).href
    }
    throw new Error(`led in circles: ${this.visited.slice(-5).join(' ')}`)
  }

  #keep({ origin }: URL, header: string): void {
    const [pair = '', ...attributes] = header.split(';').map(part => part.trim())
    const at = pair.indexOf('=')
    const name = pair.slice(0, at)
    const path = attributes.find(each => /^path=/i.test(each))?.slice(5) ?? '/'
    const isGone = attributes.some(each => /^max-age=0$/i.test(each) || /^expires=Thu, 01 Jan 1970/i.test(each))
    if (isGone) this.cookies.delete(name)
    else this.cookies.set(name, { origin, path, value: pair.slice(at + 1), attributes })
  }
}
