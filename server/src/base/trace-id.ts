import { randomFillSync } from 'node:crypto'

const bytes = 16
const pool = Buffer.allocUnsafeSlow(256 * bytes)
let at = pool.byteLength

/** 32 hex digits that nobody can guess; drawn from the system many at a time. */
export function createTraceId(): string {
  if (at === pool.byteLength) {
    randomFillSync(pool)
    at = 0
  }
  at += bytes
  return pool.toString('hex', at - bytes, at)
}
