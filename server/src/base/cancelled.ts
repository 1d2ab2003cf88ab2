import { type ErrorContext, HalibutError } from './errors.ts'

/**
 * The error of a call that was given up, `Connecting` (before it had a connection that was ready for it) or `Transferring`: the two that
 * .NET tells apart (spec §6.4). Default delivery: `not_sent`.
 */
export function cancelledWhile(what: 'Connecting' | 'Transferring', context: ErrorContext = {}): HalibutError {
  const message =
    context.delivery === 'unknown'
      ? 'the call was cancelled after its request had left'
      : 'the call was cancelled before its request was sent'
  return new HalibutError('cancelled', message, {
    dotnetType: `Halibut.Exceptions.${what}RequestCancelledException`,
    dotnetMessage: `The Request was cancelled while ${what}.`,
    ...context,
  })
}
