import { DataStream } from '../runtime/data-streams.ts'

/** Gives up every data stream anywhere in a result that nobody will get, so that its agent is free. */
export function discardStreams(value: unknown): void {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array || value instanceof Date) return
  if (value instanceof DataStream) value.discard()
  else if (value instanceof Map) for (const [key, each] of value) discardStreams([key, each])
  else for (const each of value instanceof Set ? value : Object.values(value)) discardStreams(each)
}
