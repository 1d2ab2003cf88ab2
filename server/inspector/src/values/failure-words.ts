import type { GatewayError } from '@halibut-gateway/client'
import type { Delivery, Phase } from '@halibut-gateway/schemas/wire'

/** Whether the agent may have run what failed. */
export const deliveryWords: Readonly<Record<Delivery, string>> = {
  not_sent: 'The agent did not run it.',
  unknown: 'The agent may have run it.',
  executed: 'The agent did run it.',
}

const phaseWords: Readonly<Record<Phase, string>> = {
  queue: 'while it waited for a connection to the agent',
  connect: 'while the connection to the agent was being opened',
  tls: 'while the connection to the agent was being secured (TLS)',
  identify: 'while the agent and the gateway told each other who they are',
  request: 'while the request was being sent to the agent',
  response: 'while the agent ran it, or its answer was read',
  stream: 'while a data stream was being transferred',
}

/** Where in its life a call failed. */
export function failedWhere({ phase, kind }: Pick<GatewayError, 'phase' | 'kind'>): string {
  if (phase) return `It failed ${phaseWords[phase]}.`
  if (kind === 'invalid_params' || kind === 'invalid_argument') return 'It was refused before anything was sent.'
  if (kind === 'forbidden' || kind === 'unauthorized') return 'The gateway refused it.'
  return 'It failed before it came to the agent, or on the way back.'
}

/** What came of what was sent, in one sentence. */
export function whatCame({ delivery, remote, result }: Pick<GatewayError, 'delivery' | 'remote' | 'result'>): string {
  if (remote) return 'The agent answered with an error.'
  if (result !== undefined) return 'A result came that does not fit the contract.'
  switch (delivery) {
    case 'not_sent':
      return 'Nothing left for the agent, so nothing came back.'
    case 'unknown':
      return 'No answer came.'
    case 'executed':
      return 'The agent answered, and the answer could not be told.'
  }
}

/** What an error of a .NET service says to a person: its own words, without the type in front of them and what .NET wraps around them. */
export function plainMessage(message: string): { readonly text: string; readonly isShortened: boolean } {
  const [first = ''] = message.split(/\r?\n\s*(?:at |---|Server exception)/)
  const text = first.replace(/^(?:[A-Z][\w.]*(?:Exception|Error): )+/, '').trim()
  return text === '' || text === message.trim() ? { text: message.trim(), isShortened: false } : { text, isShortened: true }
}
