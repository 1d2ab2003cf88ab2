import { printHost } from './uri-host.ts'

/** A single letter is no scheme but a drive. */
const absolute = /^([a-z][a-z0-9+.-]+):(.*)$/is
const drive = /^[a-z]:(?![\\/]|$)/i
const defaultPorts: Readonly<Record<string, string>> = { http: '80', https: '443', ws: '80', wss: '443', ftp: '21' }
/** Those whose `//` does not begin a host. */
const opaque = new Set(['mailto', 'news', 'uuid'])
/** Those that may have `//` without a host. */
const needsHost = new Set(['http', 'https', 'ws', 'wss', 'ftp', 'gopher', 'nntp', 'telnet', 'net.tcp', 'net.pipe'])
/** What every .NET can hold. */
const maxLength = 65_519

/** What .NET keeps escaped when it prints a URI: the reserved characters, `%`, `\` and control characters. */
function staysEscaped(character: string): boolean {
  return /[\p{Cc}:/?#[\]@!$&'()*+,;=%\\]/u.test(character)
}

/**
 * A URI as .NET prints it and therefore writes it (spec §4.6.1): scheme and host in lower case, the default port left out, a path at
 * least `/` after a host, escapes undone where that is safe. A relative one stays as it is. `undefined` for one that .NET refuses.
 */
export function printUri(text: string): string | undefined {
  if (text.length > maxLength || drive.test(text)) return undefined
  const match = absolute.exec(text)
  if (!match) return text
  const scheme = (match[1] as string).toLowerCase()
  const rest = match[2] as string
  // Without `//` these are relative.
  if (needsHost.has(scheme) && !rest.startsWith('//')) return text
  if (!rest.startsWith('//') || opaque.has(scheme)) return `${scheme}:${unescapeSafely(rest)}`
  const authorityEnd = rest.slice(2).search(scheme === 'file' ? /[/?#\\]/ : /[/?#]/)
  const authority = authorityEnd < 0 ? rest.slice(2) : rest.slice(2, 2 + authorityEnd)
  const tail = authorityEnd < 0 ? '' : rest.slice(2 + authorityEnd)
  const printed = scheme === 'file' && /^[a-z]:$/i.test(authority) ? `/${authority}` : printAuthority(scheme, authority)
  return printed === undefined ? undefined : `${scheme}://${printed}${/^[/\\]/.test(tail) ? '' : '/'}${unescapeSafely(tail)}`
}

function printAuthority(scheme: string, authority: string): string | undefined {
  if (authority === '') return needsHost.has(scheme) ? undefined : ''
  if (scheme === 'file' && /^[^[]*[@:]/.test(authority)) return undefined
  const at = authority.lastIndexOf('@')
  const [, name = '', port] = /^(.*?)(?::(\d*))?$/.exec(authority.slice(at + 1)) ?? []
  const host = printHost(name)
  if (host === undefined || Number(port ?? 0) > 65_535) return undefined
  return `${unescapeSafely(authority.slice(0, at + 1))}${host}${!port || port === defaultPorts[scheme] ? '' : `:${port}`}`
}

function unescapeSafely(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, run => {
    const bytes = Buffer.from(run.replaceAll('%', ''), 'hex')
    let out = ''
    for (let i = 0; i < bytes.length; ) {
      const length = utf8Length(bytes, i)
      const character = length > 0 ? bytes.toString('utf8', i, i + length) : ''
      const taken = Math.max(length, 1)
      out += length === 0 || staysEscaped(character) ? run.slice(i * 3, (i + taken) * 3) : character
      i += taken
    }
    return out
  })
}

/** How many bytes the valid UTF-8 character at `at` has; 0 when there is none. */
function utf8Length(bytes: Buffer, at: number): number {
  const first = bytes[at] as number
  const length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 0
  if (length === 0 || at + length > bytes.length) return 0
  const text = bytes.toString('utf8', at, at + length)
  return text.includes('\ufffd') || Buffer.byteLength(text) !== length ? 0 : length
}
