import { setTimeout as wait } from 'node:timers/promises'
import type { ServiceImplementation } from '@halibut-gateway/schemas/contract'
import type { CallContext, DataStream } from '@halibut-gateway/server'
import type { trouble } from './contracts.ts'

const maxMs = 10 * 60_000

/** Fails on purpose, and takes its time. */
export function createTrouble(): ServiceImplementation<typeof trouble, DataStream, CallContext> {
  return {
    Fail: message => {
      throw new Error(message)
    },
    Slow: async (duration, context) => {
      const ms = durationMs(duration)
      await wait(ms, undefined, { signal: context.signal })
      return `slept ${ms} ms`
    },
  }
}

/** An ISO 8601 duration of days, hours, minutes and seconds, in milliseconds. Throws above ten minutes, or below nothing. */
function durationMs(text: string): number {
  const parts = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(text)
  if (!parts) throw new Error(`'${text}' is not a duration that can be waited for`)
  const [days, hours, minutes, seconds] = parts.slice(1).map(part => Number(part ?? 0))
  const ms = Math.round(((((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)) * 1_000)
  if (ms > maxMs) throw new Error(`${text} is longer than the ten minutes this service waits at most`)
  return ms
}
