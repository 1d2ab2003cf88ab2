import { HalibutError } from '../../server/src/base/errors.ts'
import type { Mesh } from '../../server/src/fleet/mesh.ts'
import { nobodyWaits } from '../../server/src/runtime/waiting-calls.ts'

/** A mesh without agents: it takes what it is told, and nobody answers. A test puts in the place of a member what it is about. */
export const idleMesh: Mesh = {
  call: () => Promise.reject(new Error('nobody is called here')),
  probe: () => Promise.reject(new Error('nobody asked')),
  whoListens: () => Promise.reject(new HalibutError('connect_refused', 'nobody listens here')),
  waiting: () => nobodyWaits,
  connections: () => [],
  subscribers: () => [],
  present: () => undefined,
  trust: () => undefined,
  distrust: () => undefined,
  removeTrust: () => undefined,
  revoke: () => undefined,
  reinstate: () => undefined,
  disconnect: () => undefined,
  leave: () => undefined,
  on: () => () => undefined,
}

const unused = (): never => {
  throw new Error('not used here')
}

/** A mesh that nobody may use. It may be listened to, and tells nothing. */
export const unusedMesh: Mesh = {
  call: unused,
  probe: unused,
  whoListens: unused,
  waiting: unused,
  connections: unused,
  subscribers: unused,
  present: unused,
  trust: unused,
  distrust: unused,
  removeTrust: unused,
  revoke: unused,
  reinstate: unused,
  disconnect: unused,
  leave: unused,
  on: () => () => undefined,
}
