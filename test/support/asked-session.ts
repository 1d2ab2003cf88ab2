import type { GatewayClient } from '@halibut-gateway/client'
import { signal } from '@preact/signals'

/** A question of a store to its gateway, until it is answered. */
export interface Question {
  readonly method: string
  readonly params: Record<string, unknown>
  answer(result: unknown): void
  refuse(why: unknown): void
}

/** A watch of a store, until it ends. */
export interface AskedWatch {
  readonly method: string
  readonly params: Record<string, unknown> | undefined
  tell(item: unknown): void
  /** Without a reason it ends by itself. */
  end(why?: unknown): void
}

/** A session in front of a gateway that a test answers for, question by question. */
export function createAskedSession() {
  const questions: Question[] = []
  const watches: AskedWatch[] = []
  const request = (method: string, params: Record<string, unknown>): Promise<unknown> =>
    new Promise((resolve, reject) => {
      questions.push({ method, params, answer: resolve, refuse: reject })
    })
  const watch = (method: string, { signal: stop, params }: { signal?: AbortSignal; params?: Record<string, unknown> }) => {
    const items: unknown[] = []
    let over: { why?: unknown } | undefined
    let wake: (() => void) | undefined
    const stir = (): void => wake?.()
    stop?.addEventListener('abort', stir)
    watches.push({
      method,
      params,
      tell: item => {
        items.push(item)
        stir()
      },
      end: why => {
        over = { why }
        stir()
      },
    })
    return (async function* () {
      while (!stop?.aborted) {
        if (items.length > 0) yield items.shift()
        else if (over?.why !== undefined) throw over.why
        else if (over) return
        else
          await new Promise<void>(resolve => {
            wake = resolve
          })
      }
    })()
  }
  const client = signal<GatewayClient | undefined>({ request, watch } as unknown as GatewayClient)
  return {
    session: { client, request: request as unknown as GatewayClient['request'] },
    questions,
    watches,
    /** Somebody else signs in. */
    changeHands: () => {
      client.value = { request, watch } as unknown as GatewayClient
    },
  }
}

/** Lets what was answered be taken. */
export async function taken(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}
