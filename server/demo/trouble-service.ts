import { setTimeout as wait } from 'node:timers/promises'
import type { ServiceImplementation } from '@halibut-gateway/schemas/contract'
import type { CallContext, DataStream } from '@halibut-gateway/server'
import type { trouble } from './contracts.ts'

const maxMs = 10n * 60_000n

/** Fails on purpose, and takes its time. */
export function createTrouble(): ServiceImplementation<typeof trouble, DataStream, CallContext> {
  return {
    Fail: message => {
      throw new Error(message)
    },
    Slow: async (milliseconds, context) => {
      if (milliseconds < 0n || milliseconds > maxMs) throw new Error(`${milliseconds} ms is not between nothing and ten minutes`)
      await wait(Number(milliseconds), undefined, { signal: context.signal })
      return `slept ${milliseconds} ms`
    },
  }
}
