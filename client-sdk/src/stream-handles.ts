import { isStreamHandle, type StreamHandle } from '@halibut-gateway/schemas/wire'

/** The handles anywhere in a JSON value. */
export function handlesIn(value: unknown): StreamHandle[] {
  if (typeof value !== 'object' || value === null) return []
  return isStreamHandle(value) ? [value] : Object.values(value).flatMap(handlesIn)
}
