import { facadeLimits } from '@halibut-gateway/schemas/wire'

/**
 * A call as it is filled in, kept, linked to and printed: plain JSON, without what the contract calls a secret, and without the content of files.
 * Whoever has one has made no call: it is put into the form (`form.fill`), and a person sends it.
 */
export interface CallDraft {
  /** The agent’s id. */
  readonly agent: string
  readonly service: string
  /** A signature, `Add(int64,int64)`, or the name of a method. */
  readonly method: string
  /** In the JSON forms of the contract; a data stream is a {@link StreamContent}. The last ones may be missing: the form begins with its own. */
  readonly args: readonly unknown[]
  /** When it is given up. Default: never. */
  readonly timeoutMs?: number | undefined
  /** How long it may wait for the agent. Default: the gateway’s time. */
  readonly queueTimeoutMs?: number | undefined
  /** Runs it once, however often it is sent. Default: each sending has a key of its own. */
  readonly idempotencyKey?: string | undefined
}

/** What stands for the content of a data stream: text, bytes, or the name of a file that a person chooses again. */
export type StreamContent = { readonly $text: string } | { readonly $base64: string } | { readonly $file: string }

/** The JSON form of the content of a data stream, as {@link StreamContent} has it; `undefined` where a value is none. */
export function streamContentOf(value: unknown): StreamContent | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const [[name, content] = [], ...others] = Object.entries(value)
  if (others.length > 0 || typeof content !== 'string') return undefined
  return name === '$text' || name === '$base64' || name === '$file' ? (value as StreamContent) : undefined
}

/** Why a value is no draft of a call, and where; `undefined` where it is one. */
export function misfitOfDraft(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'it is no object'
  const given = value as Record<string, unknown>
  for (const name of ['agent', 'service', 'method']) {
    const text = given[name]
    if (typeof text !== 'string' || text === '' || text.length > maxNameChars) return `${name} is no name`
  }
  if (!Array.isArray(given['args']) || given['args'].length > maxArguments) return `args is no list of at most ${maxArguments}`
  for (const name of ['timeoutMs', 'queueTimeoutMs']) {
    const ms = given[name]
    if (ms !== undefined && !(Number.isSafeInteger(ms) && (ms as number) > 0)) return `${name} is no whole number of milliseconds`
  }
  const key = given['idempotencyKey']
  if (key !== undefined && (typeof key !== 'string' || key === '' || key.length > facadeLimits.idempotencyKeyChars)) {
    return `idempotencyKey is no text of at most ${facadeLimits.idempotencyKeyChars} characters`
  }
  return undefined
}

const maxNameChars = 512
const maxArguments = 64
