import type { Delivery, ErrorKind, Phase, RemoteError } from '@halibut-gateway/schemas/wire'

/** An error as data: what helps to find out what happened, and nothing that may be a secret or is long. */
export interface ErrorJson {
  readonly name: string
  readonly message: string
  readonly kind?: ErrorKind
  readonly code?: string
  readonly phase?: Phase
  readonly delivery?: Delivery
  readonly endpoint?: string
  readonly reason?: string
  readonly retryable?: boolean
  readonly retryAfterMs?: number
  readonly advice?: string
  /** What the service said, without its stack trace. */
  readonly remote?: { readonly type?: string; readonly message: string }
  readonly stack?: string
  readonly cause?: ErrorJson
}

/** Causes of causes beyond this are left out: it may be a circle. */
export const maxCauses = 4
const maxChars = 2_000

/** What an error of ours knows. */
interface ErrorFacts {
  readonly kind: ErrorKind
  readonly code: string
  readonly phase: Phase | undefined
  readonly delivery: Delivery
  readonly endpoint: string | undefined
  readonly reason: string | undefined
  readonly retryable: boolean
  readonly retryAfterMs: number | undefined
  readonly advice: string
  readonly remote: RemoteError | undefined
}

/** The same without what is not known. */
export function factsOf(error: ErrorFacts): Omit<ErrorJson, 'name' | 'message' | 'stack' | 'cause'> {
  const { kind, code, phase, delivery, endpoint, reason, retryable, retryAfterMs, advice, remote } = error
  return {
    kind,
    code,
    ...(phase !== undefined && { phase }),
    delivery,
    ...(endpoint !== undefined && { endpoint }),
    ...(reason !== undefined && { reason }),
    retryable,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    advice,
    ...(remote && { remote: { ...(remote.type !== undefined && { type: remote.type }), message: cut(remote.message) } }),
  }
}

/** Whatever was thrown as data. `facts`: what is known of it, for errors that know something. */
export function errorJson(why: unknown, stack: boolean, facts: (error: Error) => object, depth = 0): ErrorJson {
  if (!(why instanceof Error))
    return { name: typeof why, message: cut(typeof why === 'object' ? 'an object that is no error' : String(why)) }
  const { code } = why as NodeJS.ErrnoException
  return {
    name: why.name,
    message: cut(why.message),
    ...(typeof code === 'string' && { code }),
    ...facts(why),
    ...(stack && why.stack !== undefined && { stack: why.stack }),
    ...(why.cause !== undefined && depth < maxCauses && { cause: errorJson(why.cause, stack, facts, depth + 1) }),
  }
}

function cut(text: string): string {
  return text.length > maxChars ? `${text.slice(0, maxChars)}…` : text
}
