import type { SubscriberCandidate } from '../runtime/acceptor.ts'
import type { AgentDirectory } from './agent-directory.ts'

/** Whether a polling agent may have the subscription that it names: only the one that is registered with its certificate. Text says why not. */
export function mayPoll(directory: AgentDirectory, { subscription, thumbprint }: SubscriberCandidate): true | string {
  const agent = directory.bySubscription(subscription)
  if (!agent || agent.state.at === 'disabled') return `no agent polls as ${subscription}`
  return agent.definition.thumbprint === thumbprint || `the subscription ${subscription} belongs to another certificate`
}
