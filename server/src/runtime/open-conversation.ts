import { offAbort, onAbort } from '../base/abort-listeners.ts'
import { cancelledWhile } from '../base/cancelled.ts'
import { AgentConversation } from '../exchange/call-agent.ts'
import type { Transfer } from '../exchange/transfer.ts'
import type { Certificate } from './certificates.ts'
import type { Endpoint } from './endpoint.ts'
import { mayBeDistrust, type OwnCertificates } from './own-certificates.ts'

/** Opens a connection that presents a certificate of ours; it is not identified yet. */
export type Dial = (endpoint: Endpoint, signal: AbortSignal | undefined, certificate: Certificate) => Promise<Transfer>

/**
 * Opens a connection to a listening agent, for calls. Where we have several certificates it is identified already, unless the last of them is the
 * one that is presented: one that is refused costs nothing but time, since nothing was asked yet.
 */
export async function openConversation(
  endpoint: Endpoint,
  signal: AbortSignal | undefined,
  { own, dial }: { readonly own: OwnCertificates; readonly dial: Dial },
): Promise<AgentConversation> {
  const order = own.order(endpoint)
  const last = order.length - 1
  for (const [index, certificate] of order.entries()) {
    let conversation: AgentConversation | undefined
    try {
      const transfer = await dial(endpoint, signal, certificate)
      const onIdentified = last === 0 ? undefined : () => own.accepted(endpoint, certificate)
      conversation = new AgentConversation(transfer, certificate.thumbprint, onIdentified)
      if (index < last) await identifyWithin(conversation, signal)
      return conversation
    } catch (why) {
      conversation?.transfer.channel.destroy()
      if (index === last || signal?.aborted || !mayBeDistrust(why)) throw why
    }
  }
  throw new Error('there is always a certificate to present')
}

async function identifyWithin(conversation: AgentConversation, signal: AbortSignal | undefined): Promise<void> {
  const cut = (): void => conversation.transfer.channel.destroy(cancelledWhile('Connecting', { phase: 'identify' }))
  if (signal) onAbort(signal, cut)
  try {
    if (signal?.aborted) throw cancelledWhile('Connecting', { phase: 'identify' })
    await conversation.identify()
  } finally {
    if (signal) offAbort(signal, cut)
  }
}
