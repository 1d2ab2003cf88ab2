import type { ServiceImplementation } from '@halibut-gateway/schemas/contract'
import type { DataStream } from '@halibut-gateway/server'
import type { counter } from './contracts.ts'

/** Remembers a number for as long as the process lives. */
export function createCounter(): ServiceImplementation<typeof counter, DataStream> {
  let value = 0n
  return {
    Increment: by => {
      value = BigInt.asIntN(64, value + by)
      return value
    },
    Read: () => value,
    Reset: () => {
      value = 0n
    },
  }
}
