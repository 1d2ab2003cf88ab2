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

/** Where one of these handles stands: a JSON pointer into the parameters. */
export function placeOf(handle: StreamHandle, params: unknown): string {
  return placeIn(params, handle, '') ?? '/args'
}

function placeIn(value: unknown, handle: StreamHandle, path: string): string | undefined {
  if (value === handle) return path
  if (typeof value !== 'object' || value === null) return undefined
  for (const [key, each] of Object.entries(value)) {
    const place = placeIn(each, handle, `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`)
    if (place !== undefined) return place
  }
  return undefined
}
