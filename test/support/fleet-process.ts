import { certificateFromPem } from '../../server/src/runtime/certificates.ts'
import { HalibutRuntime } from '../../server/src/runtime/runtime.ts'

/** The polling agents that a process of its own is to be. */
export interface FleetStart {
  readonly groups: readonly {
    readonly certificatePem: string
    readonly keyPem: string
    /** They poll as `poll://<id>/`. */
    readonly ids: readonly string[]
  }[]
  /** The gateway’s. */
  readonly uri: string
  readonly thumbprint: string
  /** Default: those of every agent. */
  readonly reconnectMs?: readonly [least: number, longest: number] | undefined
}

/** Agents of this project, many in a process. They end when their parent does. */
process.once('message', ({ groups, uri, thumbprint, reconnectMs }: FleetStart) => {
  for (const { certificatePem, keyPem, ids } of groups) {
    const runtime = new HalibutRuntime({
      certificate: certificateFromPem({ certificatePem, keyPem }),
      limits: { drainMs: 0, ...(reconnectMs && { pollingReconnectMinMs: reconnectMs[0], pollingReconnectMaxMs: reconnectMs[1] }) },
    })
    for (const id of ids) runtime.poll({ subscription: `poll://${id}/`, endpoint: { uri, thumbprint } })
  }
  process.once('disconnect', () => process.exit(0))
})
