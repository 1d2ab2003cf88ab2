import { randomUUID } from 'node:crypto'
import { HalibutError } from '../base/errors.ts'
import type { Mesh, MeshCall } from '../fleet/mesh.ts'
import type { OpenCall } from './call-registry.ts'

/** Whether a call that failed may be made once more, if its method is idempotent: the connection was lost with the request on it. */
export function isLostOnTheWay(why: unknown): boolean {
  return why instanceof HalibutError && why.kind === 'connection_lost' && why.delivery === 'unknown'
}

/**
 * Makes a call whose connection was lost once more, with what is left of its times. To be used for idempotent methods only. The agent sees
 * another activity id, since it may still run the first one.
 */
export async function callAgain(
  mesh: Mesh,
  request: MeshCall,
  call: OpenCall,
  lost: unknown,
): Promise<{ result: unknown; activityId: string }> {
  const timeoutMs = left(request.timeoutMs, call.elapsedMs)
  const queueTimeoutMs = left(request.queueTimeoutMs, call.queuedMs)
  if (timeoutMs === 0 || queueTimeoutMs === 0) throw lost
  const activityId = randomUUID()
  call.again(activityId)
  try {
    return { result: await mesh.call({ ...request, activityId, timeoutMs, queueTimeoutMs }), activityId }
  } catch (why) {
    // Whatever became of this one, the first may have run.
    if (!(why instanceof HalibutError) || why.delivery !== 'not_sent') throw why
    throw why.with(
      { delivery: 'unknown' },
      `its connection was lost, so that it may have run, and it could not be made again: ${why.message}`,
    )
  }
}

function left(ofMs: number | undefined, goneMs: number): number | undefined {
  return ofMs === undefined ? undefined : Math.max(0, Math.floor(ofMs - goneMs))
}
