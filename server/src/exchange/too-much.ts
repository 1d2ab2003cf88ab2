import { HalibutError } from '../base/errors.ts'

/** Whether a message was too large, or there was no memory for it: the connection may go on, once it has come to its end. */
export function isTooMuch(why: unknown): why is HalibutError {
  return why instanceof HalibutError && (why.kind === 'message_too_large' || why.kind === 'memory_limit')
}
