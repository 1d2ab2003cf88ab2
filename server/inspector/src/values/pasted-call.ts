import { type CallDraft, misfitOfDraft } from './call-draft.ts'
import { readSeconds } from './deadline-text.ts'
import { LiteralReader } from './js-literals.ts'
import { parseJsonText } from './json-text.ts'
import { shellWords } from './shell-words.ts'

/** What a text is that somebody pastes: a call; something that looks like one, with what is wrong with it; or nothing of the kind. */
export type PastedCall =
  | { readonly call: CallDraft; readonly from: 'curl' | 'SDK' | 'CLI' | 'link' | 'JSON' }
  | { readonly problem: string }
  | undefined

/** Longer texts are no call that anybody copied from here. */
const mostChars = 1_048_576
/** Programs may say much before they call. */
const mostBefore = 20_000
const mostLinkChars = 16_384

/**
 * Reads a call out of whatever the page, the CLI or a colleague’s program prints of one: curl, the SDK, the CLI, a link to a call, or its JSON.
 * It comes from anywhere: it is only read, nothing of it is run, and its token, where it has one, is not looked at.
 */
export function readPastedCall(pasted: string): PastedCall {
  if (pasted.length > mostChars) return undefined
  const text = pasted.trim().replace(/^(?:#[^\n]*\n\s*|\$ )+/, '')
  if (/^curl\s/.test(text)) return told(fromCurl(text), 'curl')
  if (/^(?:npx\s+)?(?:\S*\/)?halibut-gateway\s+call\s/.test(text)) return told(fromCli(text), 'CLI')
  if (text.length <= mostLinkChars && /^https?:\/\/\S+#\/agent\/\S+$/.test(text)) return told(fromLink(text), 'link')
  if (text.startsWith('{')) return fromJson(text)
  return /\.agent\(/.test(text.slice(0, mostBefore)) && text.includes('.invoke(') ? told(fromSdk(text), 'SDK') : undefined
}

/** A draft that was read, or what is wrong. */
type Read = Partial<Record<keyof CallDraft, unknown>> | string

function told(read: Read, from: 'curl' | 'SDK' | 'CLI' | 'link' | 'JSON'): PastedCall {
  const what = { curl: 'This curl command', SDK: 'This program', CLI: 'This command', link: 'This link', JSON: 'This JSON' }[from]
  const misfit = typeof read === 'string' ? read : misfitOfDraft(read)
  if (misfit !== undefined) return { problem: `${what} could not be filled in: ${misfit}.` }
  const { agent, service, method, args, timeoutMs, queueTimeoutMs, idempotencyKey } = read as CallDraft
  return {
    from,
    call: {
      agent,
      service,
      method,
      args,
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(queueTimeoutMs !== undefined && { queueTimeoutMs }),
      ...(idempotencyKey !== undefined && { idempotencyKey }),
    },
  }
}

function fromCurl(text: string): Read {
  const words = shellWords(text)
  if (!words) return 'it is more than one command, or a quote does not end'
  const address = words.map(word => /\/api\/v1\/agents\/([^/?#]+)\/calls\b/.exec(word)?.[1]).find(each => each !== undefined)
  if (address === undefined) return 'its address is none of a call, …/api/v1/agents/<agent>/calls'
  const at = words.findIndex(word => /^(?:-d|--data|--data-raw|--data-binary|--json)$/.test(word))
  const joined = words.find(word => /^--(?:data|data-raw|data-binary|json)=/.test(word))
  const body = at < 0 ? joined?.replace(/^[^=]*=/, '') : words[at + 1]
  if (body === undefined) return 'it has no body'
  const parsed = parseJsonText(body)
  if (!parsed.ok) return `its body is no JSON; at character ${parsed.at + 1} ${parsed.message}`
  if (typeof parsed.value !== 'object' || parsed.value === null) return 'its body is no object'
  return { ...parsed.value, agent: decoded(address), idempotencyKey: undefined }
}

const cliOptions: Readonly<Record<string, 'timeoutMs' | 'queueTimeoutMs' | 'idempotencyKey' | 'other'>> = {
  '--timeout-ms': 'timeoutMs',
  '--queue-timeout-ms': 'queueTimeoutMs',
  '--idempotency-key': 'idempotencyKey',
  '--url': 'other',
  '--token-file': 'other',
  '--output': 'other',
}

function fromCli(text: string): Read {
  const words = shellWords(text)
  if (!words) return 'it is more than one command, or a quote does not end'
  const rest = words.slice(words.indexOf('call') + 1)
  const found: Record<string, unknown> = {}
  const given: string[] = []
  for (let i = 0, areOver = false; i < rest.length; i++) {
    const word = rest[i] as string
    if (areOver || !word.startsWith('--')) given.push(word)
    else if (word === '--') areOver = true
    else {
      const [name = '', joined] = cutAt(word, '=')
      const option = Object.hasOwn(cliOptions, name) ? cliOptions[name] : undefined
      if (option === undefined) {
        if (word !== '--json') return `it has the option ${name.slice(0, 40)}, which is not known`
        continue
      }
      const value = joined ?? rest[++i]
      if (option !== 'other') found[option] = option === 'idempotencyKey' ? value : Number(value)
    }
  }
  const [agent, service, method, ...args] = given
  return { ...found, agent, service, method, args: args.map(argumentOf) }
}

/** As the CLI reads it: JSON, else a text; `@path` is a file, and `@@` begins a text with `@`. */
function argumentOf(word: string): unknown {
  if (word.startsWith('@@')) return word.slice(1)
  if (word.startsWith('@')) return { $file: word.slice(1) }
  const parsed = parseJsonText(word)
  return parsed.ok ? parsed.value : word
}

function fromLink(text: string): Read {
  const hash = text.slice(text.indexOf('#/agent/') + '#/agent/'.length)
  const [path, query = ''] = cutAt(hash, '?')
  const given = new URLSearchParams(query)
  const parsed = parseJsonText(given.get('args') ?? '[]')
  if (!parsed.ok) return `its arguments are no JSON; at character ${parsed.at + 1} ${parsed.message}`
  const timeoutMs = readSeconds(given.get('timeout') ?? '')
  return {
    agent: decoded(path),
    service: given.get('service'),
    method: given.get('method'),
    args: parsed.value,
    timeoutMs: timeoutMs === 'invalid' ? undefined : timeoutMs,
  }
}

/** The first call of a program: `.agent('…').invoke('…', '…', […], {…})`. */
function fromSdk(text: string): Read {
  try {
    const reader = new LiteralReader(text, text.indexOf('.agent(') + '.agent('.length)
    const agent = reader.value()
    if (!reader.takes(')') || !reader.takes('.invoke(')) return 'it does not call .agent(…).invoke(…)'
    const service = reader.value()
    reader.takes(',')
    const method = reader.value()
    const args = reader.takes(',') ? reader.value() : []
    const options = reader.takes(',') && !reader.takes(')') ? reader.value() : {}
    const { timeoutMs, queueTimeoutMs, idempotencyKey } = (options ?? {}) as Record<string, unknown>
    return { agent, service, method, args, timeoutMs, queueTimeoutMs, idempotencyKey }
  } catch (why) {
    if (why instanceof SyntaxError) return `its arguments are no literals: ${why.message}`
    throw why
  }
}

/** A draft as JSON; any other JSON is none of ours. */
function fromJson(text: string): PastedCall {
  const parsed = parseJsonText(text)
  if (!parsed.ok || typeof parsed.value !== 'object' || parsed.value === null) return undefined
  const isDraft = ['agent', 'service', 'method', 'args'].every(name => Object.hasOwn(parsed.value as object, name))
  return isDraft ? told(parsed.value as Read, 'JSON') : undefined
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function cutAt(text: string, separator: string): readonly [string, string?] {
  const at = text.indexOf(separator)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}
