import { GatewayError } from '@halibut-gateway/client'
import { adviceFor } from '@halibut-gateway/schemas/wire'
import { HalibutError } from '../base/errors.ts'
import { commandLine, inCommands, ownAdvice } from './commands.ts'
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
  const { kind, message, delivery } = error
  const agent = error instanceof GatewayError ? error.agent : undefined
  const traceId = error instanceof GatewayError ? error.traceId : undefined
  const exit = exitOf({ kind, delivery, agent })
  const advice = adviceOf(error, exit, agent)
  const facts = [
    agent === undefined ? undefined : `agent ${agent}`,
    kind,
    agent === undefined && delivery === 'not_sent' ? undefined : deliveries[delivery],
    traceId,
  ]
  const told = facts.filter(fact => fact !== undefined).join(', ')
  tell(io, asJson, { ...error.toJSON(), advice }, `${message.replaceAll('\n', '\n  ')}\n  ${advice}\n  (${told})`)
  return exit
}

/** What to do next, as commands where that can be. */
function adviceOf({ kind, advice, delivery }: HalibutError | GatewayError, exit: ExitName, agent: string | undefined): string {
  const own = advice === adviceFor(kind, delivery) ? ownAdvice(kind, agent) : undefined
  const told = own ?? inCommands(advice)
  return exit === 'agentUnreachable' && agent !== undefined ? `${told}; ${commandLine('doctor', agent)} tells what is wrong` : told
}

const deliveries = {
  not_sent: 'the request was never sent',
  unknown: 'the request may have run',
  executed: 'the request ran',
} as const

function tell(io: CliIo, asJson: boolean, json: object, text: string): void {
  io.err(asJson ? `${JSON.stringify({ error: json })}\n` : `halibut-gateway: ${text}\n`)
}
