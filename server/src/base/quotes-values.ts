import type { ErrorKind } from '@halibut-gateway/schemas/wire'
import type { HalibutError } from './errors.ts'

/** Their messages quote the agent, or an argument. */
const quotingKinds: ReadonlySet<ErrorKind> = new Set([
  'service_failed',
  'remote_error',
  'invalid_params',
  'invalid_argument',
  'serialization_failed',
])

/** Whether the message of an error may hold what the agent has said, or an argument: it is for its caller alone. */
export function quotesValues({ kind, remote }: HalibutError): boolean {
  return remote !== undefined || quotingKinds.has(kind)
}
