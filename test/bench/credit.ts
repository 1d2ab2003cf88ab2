import { controlNotifications, facadeLimits } from '@halibut-gateway/schemas/wire'

/** What the bare relays share with the product: the text that gives credit, and how much of it. */
export const { streamCreditBytes } = facadeLimits

export function creditText(offset: number): string {
  return JSON.stringify({ jsonrpc: '2.0', method: controlNotifications.streamCredit, params: { stream: 1, offset, acknowledged: 0 } })
}

export function creditOf(data: unknown): number {
  return (JSON.parse(String(data)) as { params: { offset: number } }).params.offset
}
