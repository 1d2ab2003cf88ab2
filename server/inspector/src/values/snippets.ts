import type { CallDraft } from './call-draft.ts'
import { streamContentOf } from './call-draft.ts'

/** Where the token is, in every snippet: it stands in none. */
export const tokenVariable = 'HALIBUT_GATEWAY_TOKEN'

/** The ways in which a call is copied. */
export const snippetKinds = ['curl', 'SDK', 'CLI'] as const
export type SnippetKind = (typeof snippetKinds)[number]

/** A call as a text that runs as it stands, or why there is none. */
export type Snippet = { readonly text: string } | { readonly problem: string }

/** A call as a program makes it. `url`: the gateway’s address, which ends with a slash. */
export function snippetOf(kind: SnippetKind, draft: CallDraft, url: string): Snippet {
  switch (kind) {
    case 'curl':
      return curlOf(draft, url)
    case 'SDK':
      return { text: sdkOf(draft, url) }
    case 'CLI':
      return cliOf(draft, url)
  }
}

function curlOf({ agent, service, method, args, timeoutMs, queueTimeoutMs, idempotencyKey }: CallDraft, url: string): Snippet {
  if (args.some(holdsContent)) return { problem: 'A data stream does not travel over HTTP: take the SDK or the CLI.' }
  const address = new URL(`api/v1/agents/${encodeURIComponent(agent)}/calls`, url)
  // A key belongs to the epoch of a session, which curl has not.
  const notes = idempotencyKey === undefined ? [] : ['# without the idempotency key, which belongs to a session']
  const body = JSON.stringify({ service, method, args, timeoutMs, queueTimeoutMs })
  const lines = [
    `curl -sS --fail-with-body -X POST ${quoted(address.href)}`,
    `  -H "Authorization: Bearer $${tokenVariable}"`,
    `  -H 'Content-Type: application/json'`,
    `  --data-raw ${quoted(body)}`,
  ]
  return { text: [...notes, lines.join(' \\\n')].join('\n') }
}

function cliOf({ agent, service, method, args, timeoutMs, queueTimeoutMs, idempotencyKey }: CallDraft, url: string): Snippet {
  const words: string[] = []
  for (const arg of args) {
    const content = streamContentOf(arg)
    if (content) {
      if (!('$file' in content)) return { problem: 'The CLI takes the content of a data stream out of a file: choose one.' }
      words.push(`@${content.$file}`)
    } else if (holdsContent(arg)) return { problem: 'The CLI takes a data stream as an argument of its own: take the SDK.' }
    else words.push(JSON.stringify(arg))
  }
  const options = [
    `--url ${quoted(url)}`,
    ...(timeoutMs === undefined ? [] : [`--timeout-ms ${timeoutMs}`]),
    ...(queueTimeoutMs === undefined ? [] : [`--queue-timeout-ms ${queueTimeoutMs}`]),
    ...(idempotencyKey === undefined ? [] : [`--idempotency-key ${quoted(idempotencyKey)}`]),
  ]
  const rest = [agent, service, method, ...words].map(quoted).join(' ')
  return { text: `# the token stands in ${tokenVariable}\nhalibut-gateway call ${options.join(' ')} -- ${rest}` }
}

function sdkOf({ agent, service, method, args, timeoutMs, queueTimeoutMs, idempotencyKey }: CallDraft, url: string): string {
  const files = args.some(arg => holds(arg, each => '$file' in each))
  const options = { timeoutMs, queueTimeoutMs, idempotencyKey }
  const given = Object.values(options).some(each => each !== undefined) ? `, ${JSON.stringify(options)}` : ''
  return [
    `import { createClient } from '@halibut-gateway/client'`,
    ...(files ? [`import { openAsBlob } from 'node:fs'`] : []),
    `import { WebSocket } from 'ws'`,
    '',
    'const client = createClient({',
    `  url: ${JSON.stringify(url)},`,
    `  token: process.env.${tokenVariable},`,
    '  webSocket: (url, protocols) => new WebSocket(url, protocols),',
    '})',
    `const { value } = await client.agent(${JSON.stringify(agent)}).invoke(${JSON.stringify(service)}, ${JSON.stringify(method)}, ${literal(args)}${given})`,
    'console.log(value)',
    'client.close()',
  ].join('\n')
}

/** JSON, but for the content of data streams. */
function literal(value: unknown): string {
  const content = streamContentOf(value)
  if (content) {
    if ('$file' in content) return `await openAsBlob(${JSON.stringify(content.$file)})`
    return '$text' in content ? `new Blob([${JSON.stringify(content.$text)}])` : `Buffer.from(${JSON.stringify(content.$base64)}, 'base64')`
  }
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const members = Object.entries(value).map(([name, each]) => `${memberName(name)}: ${literal(each)}`)
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`
}

/** With this one name a literal has a prototype, where it is not worked out. */
function memberName(name: string): string {
  return name === '__proto__' ? '["__proto__"]' : JSON.stringify(name)
}

/** A word of a shell, whatever is in it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}

function holdsContent(value: unknown): boolean {
  return holds(value, () => true)
}

function holds(value: unknown, isSuch: (content: NonNullable<ReturnType<typeof streamContentOf>>) => boolean): boolean {
  const content = streamContentOf(value)
  if (content) return isSuch(content)
  return typeof value === 'object' && value !== null && Object.values(value).some(each => holds(each, isSuch))
}
