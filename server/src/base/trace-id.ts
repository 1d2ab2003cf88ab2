import { randomFillSync } from 'node:crypto'

const bytes = 16
/** For the rows “gateway CPU per call”: drawn one at a time, an id takes 2 µs more. */
const pool = Buffer.allocUnsafeSlow(256 * bytes)
let at = pool.byteLength

/** The trace id in a W3C trace context of version 00. */
export function traceIdIn(traceparent: string | undefined): string | undefined {
  return traceparent?.slice(3, 35)
}

/** 32 hex digits that nobody can guess; drawn from the system many at a time. */
export function createTraceId(): string {
  if (at === pool.byteLength) {
    randomFillSync(pool)
    at = 0
  }
  at += bytes
  return pool.toString('hex', at - bytes, at)
}
