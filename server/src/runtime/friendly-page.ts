/** What a caller gets that does not begin with `MX`: a browser, a health check, discovery (spec §1.9). */
export interface FriendlyPage {
  /** Default: a short greeting. */
  readonly html?: string | null | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
}

const defaultHtml = '<html><body><p>Hello!</p></body></html>'

/** The bytes of the page. `Content-Length` counts UTF-16 code units, as the reference has it. */
export function encodeFriendlyPage(page: FriendlyPage): Buffer {
  const html = page.html ?? defaultHtml
  const headers = Object.entries(page.headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(
    `HTTP/1.0 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: ${html.length}\r\n${headers.join('')}\r\n${html}\r\n\r\n`,
    'utf8',
  )
}
