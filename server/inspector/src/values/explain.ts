import type { EndedCall } from '@halibut-gateway/schemas'
import { errorTable, type Phase } from '@halibut-gateway/schemas/wire'

/** The failure of a call, for people. */
export interface Explanation {
  /** What happened, in a few words. */
  readonly what: string
  readonly where: string
  readonly sent: string
  readonly came: string
  readonly next: string
  /** Whether the way to the agent is what failed, which the doctor can look at. */
  readonly isOnTheWay: boolean
}

type CallError = NonNullable<EndedCall['error']>

const phaseWords: Readonly<Record<Phase, string>> = {
  queue: 'While the call waited for a connection to the agent.',
  connect: 'While the connection to the agent was opened.',
  tls: 'In the TLS handshake, where both sides show their certificates.',
  identify: 'On the new connection, where agent and gateway say who they are.',
  request: 'While the request was sent.',
  response: 'After the request was sent, while the agent’s answer was awaited or read.',
  stream: 'In a data stream that belongs to the call.',
}

/** Where the phase is not told. */
const whereElse: Readonly<Record<CallError['delivery'], string>> = {
  not_sent: 'Before the call was on its way.',
  unknown: 'On the way to the agent, or there.',
  executed: 'At the agent, or with what it answered.',
}

const sentWords: Readonly<Record<CallError['delivery'], string>> = {
  not_sent: 'Nothing. The request has not left the gateway, so that the agent did not run it.',
  unknown: 'The request, or a part of it. The agent may have run it.',
  executed: 'The whole request, and the agent did run it.',
}

/** Says where a call failed, what was sent by then, what came, and what to do. */
export function explain({ kind, phase, delivery, message, advice, remoteType }: CallError): Explanation {
  const isOnTheWay = phase === 'queue' || phase === 'connect' || phase === 'tls' || phase === 'identify'
  return {
    what: sentence(errorTable[kind].meaning),
    where: kind === 'service_failed' ? 'At the agent: its service has failed.' : phase ? phaseWords[phase] : whereElse[delivery],
    sent: sentWords[delivery],
    came: message === undefined ? `${cameUnseen(remoteType)} What it says is told only to who made the call.` : message,
    next: sentence(advice),
    isOnTheWay,
  }
}

function cameUnseen(remoteType: string | undefined): string {
  return remoteType === undefined ? 'An error.' : `An exception of the type ${remoteType}.`
}

function sentence(text: string): string {
  const begun = text.slice(0, 1).toUpperCase() + text.slice(1)
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`
}
