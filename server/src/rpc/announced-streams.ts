import { isStreamHandle, type StreamHandle } from '@halibut-gateway/schemas/wire'

/** The handles of data streams anywhere in the arguments of a request, in their order. The JSON is not deeper than the limit of the facade. */
export function announcedStreams(params: unknown): StreamHandle[] {
  const found: StreamHandle[] = []
  if (typeof params === 'object' && params !== null && 'args' in params) collect(params.args, found)
  return found
}

function collect(value: unknown, found: StreamHandle[]): void {
  if (typeof value !== 'object' || value === null) return
  if (isStreamHandle(value)) found.push(value)
  else for (const each of Object.values(value)) collect(each, found)
}
