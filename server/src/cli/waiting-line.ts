import type { CallEvent, CallSnapshot, GatewayClient } from '@halibut-gateway/client'
import { printable } from './columns.ts'
import type { CliIo } from './io.ts'

/** A call that is answered before that needs no line. Milliseconds. */
const usualPatienceMs = 500

/** While a call of this client waits, one line on a terminal says why; nothing where there is none. Gives the function that takes it away. */
export function tellWaiting(client: Pick<GatewayClient, 'watchCalls'>, io: Pick<CliIo, 'err' | 'terminal'>): () => void {
  const { terminal } = io
  if (!terminal) return () => undefined
  const stop = new AbortController()
  let isDrawn = false
  const draw = (text: string | undefined): void => {
    if (text !== undefined) io.err(`\r${text.slice(0, Math.max(0, terminal.columns - 1))}\u001b[K`)
    else if (isDrawn) io.err('\r\u001b[K')
    isDrawn = text !== undefined
  }
  const watch = async (): Promise<void> => {
    for await (const event of client.watchCalls({ signal: stop.signal })) for (const call of ownCalls(event)) draw(lineOf(call))
  }
  // Why the connection is not there is told by the call itself.
  const timer = setTimeout(() => void watch().catch(() => undefined), terminal.patienceMs ?? usualPatienceMs)
  return () => {
    clearTimeout(timer)
    stop.abort()
    draw(undefined)
  }
}

function ownCalls(event: CallEvent): CallSnapshot[] {
  const calls = event.type === 'gap' ? [] : event.type === 'snapshot' ? event.calls : [event.call]
  return calls.filter(({ own }) => own)
}

/** Why a call waits, for a person; `undefined` where it does not. */
export function lineOf({ waiting }: CallSnapshot): string | undefined {
  if (!waiting) return undefined
  const { place, reason, limit, ahead, hidden } = waiting
  const where = place === undefined ? 'waits' : `waits as number ${place}`
  const most = limit === undefined ? '' : ` (${limit.name}: ${limit.value})`
  const told = ahead.map(({ principal, service, method }) => `${method} of ${service} by ${principal}`)
  const others = hidden === 0 ? [] : [`${hidden} ${told.length === 0 ? '' : 'more '}of others`]
  const before = told.length + others.length === 0 ? '' : `; ahead: ${[...told, ...others].join(', ')}`
  return printable(`${where}: ${reason}${most}${before}`)
}
