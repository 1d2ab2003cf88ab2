import { GatewayError } from '@halibut-gateway/client'
import { HalibutError } from '../base/errors.ts'
import { type ExitName, exitOf } from './exit-codes.ts'
import type { CliIo } from './io.ts'

/** What a verb fails with that has no kind: a command line that cannot be meant, or an exit that says enough. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly exit: ExitName
  readonly advice: string

  constructor(exit: ExitName, message: string, advice: string) {
    super(message)
    this.exit = exit
    this.advice = advice
  }
}

/** Tells what failed, for a person or as one line of JSON, and how the process ends. What is none of our errors is thrown on. */
export function tellFailure(error: unknown, io: CliIo, asJson: boolean): ExitName {
  if (error instanceof CliError) {
    const { exit, message, advice } = error
    tell(io, asJson, { message, advice }, `${message}\n  ${advice}`)
    return exit
  }
  if (!(error instanceof HalibutError || error instanceof GatewayError)) throw error
  const { kind, message, advice, delivery } = error
  const agent = error instanceof GatewayError ? error.agent : undefined
  const traceId = error instanceof GatewayError ? error.traceId : undefined
  const facts = [
    agent === undefined ? undefined : `agent ${agent}`,
    kind,
    agent === undefined && delivery === 'not_sent' ? undefined : deliveries[delivery],
    traceId,
  ]
  const told = facts.filter(fact => fact !== undefined).join(', ')
  tell(io, asJson, error, `${message.replaceAll('\n', '\n  ')}\n  ${advice}\n  (${told})`)
  return exitOf({ kind, delivery, agent })
}

const deliveries = {
  not_sent: 'the request was never sent',
  unknown: 'the request may have run',
  executed: 'the request ran',
} as const

function tell(io: CliIo, asJson: boolean, json: object, text: string): void {
  io.err(asJson ? `${JSON.stringify({ error: json })}\n` : `halibut-gateway: ${text}\n`)
}
