const absolute = /^([a-z][a-z0-9+.-]*):(.*)$/is
const defaultPorts: Readonly<Record<string, string>> = { http: '80', https: '443', ws: '80', wss: '443', ftp: '21' }

/** What .NET keeps escaped when it prints a URI: the reserved characters, `%`, `\` and control characters. */
function staysEscaped(character: string): boolean {
  return /[\p{Cc}:/?#[\]@!$&'()*+,;=%\\]/u.test(character)
}

/**
 * A URI as .NET prints it and therefore writes it (spec §4.6.1): scheme and host in lower case, the default port left out, a path at
 * least `/` after a host, escapes undone where that is safe. A relative one stays as it is.
 */
export function printUri(text: string): string {
  const match = absolute.exec(text)
  if (!match) return text
  const scheme = (match[1] as string).toLowerCase()
  const rest = match[2] as string
  if (!rest.startsWith('//')) return `${scheme}:${unescapeSafely(rest)}`
  const authorityEnd = rest.slice(2).search(/[/?#]/)
  const authority = authorityEnd < 0 ? rest.slice(2) : rest.slice(2, 2 + authorityEnd)
  const tail = authorityEnd < 0 ? '' : rest.slice(2 + authorityEnd)
  const at = authority.lastIndexOf('@')
  const userInfo = authority.slice(0, at + 1)
  const hostAndPort = authority.slice(at + 1).toLowerCase()
  const port = /:(\d*)$/.exec(hostAndPort)
  const host = port && (port[1] === '' || port[1] === defaultPorts[scheme]) ? hostAndPort.slice(0, port.index) : hostAndPort
  return `${scheme}://${unescapeSafely(userInfo)}${host}${tail.startsWith('/') ? '' : '/'}${unescapeSafely(tail)}`
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
