import type { CallEvent, CallSnapshot } from '@halibut-gateway/schemas'

/** Brings the calls that are open, by their activity, up to date with what a watch tells of them. */
export function follow(open: Map<string, CallSnapshot>, event: CallEvent): void {
  switch (event.type) {
    case 'snapshot':
      for (const call of event.calls) open.set(call.activityId, call)
      break
    case 'started':
    case 'changed':
      open.set(event.call.activityId, event.call)
      break
    case 'finished':
      open.delete(event.call.activityId)
      break
    case 'gap':
      open.clear()
  }
}
