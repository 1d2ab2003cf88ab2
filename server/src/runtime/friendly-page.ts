import { checkArgument, OptionKinds } from '../base/argument.ts'

/** What a caller gets that does not begin with `MX`: a browser, a health check, discovery (spec §1.9). */
export interface FriendlyPage {
  /** Default: a short greeting. */
  readonly html?: string | null | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
}

const pageKinds = new OptionKinds<FriendlyPage>({ html: 'any', headers: 'object' })

/** Throws `invalid_argument` for what is no page. */
export function checkFriendlyPage(page: unknown): void {
  pageKinds.check(page, 'the friendly page')
  const { html, headers = {} } = page as FriendlyPage
  if (html !== undefined && html !== null) checkArgument(html, 'the friendly page: html', 'text')
  for (const [name, value] of Object.entries(headers)) checkArgument(value, `the friendly page: headers: ${name}`, 'text')
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
