import type { ServiceImplementation } from '@halibut-gateway/schemas/contract'
import type { DataStream } from '@halibut-gateway/server'
import type { calculator } from './contracts.ts'

/** Calculates. Whole numbers wrap around at 64 bits, as .NET’s do. */
export function createCalculator(): ServiceImplementation<typeof calculator, DataStream> {
  return {
    'Add(int64,int64)': (a, b) => BigInt.asIntN(64, a + b),
    'Add(double,double)': (a, b) => a + b,
    Divide: (dividend, divisor) => {
      if (divisor === 0n) throw new Error('Attempted to divide by zero.')
      return BigInt.asIntN(64, dividend / divisor)
    },
  }
}
