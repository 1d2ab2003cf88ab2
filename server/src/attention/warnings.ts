import type { AttentionCode } from '@halibut-gateway/schemas'
import { gatewayLimits } from '../base/limits.ts'

/** When something of a kind is shown. */
export interface Warning {
  /** How long it must have lasted. */
  readonly lastsMs: number
  /** It is silent as long as one of these is there about the same agent or token, or, like it, about none: they explain it, or come first. */
  readonly behind: readonly AttentionCode[]
}

/** When each kind is shown. */
export const warnings: Readonly<Record<AttentionCode, Warning>> = {
  store_failing: { lastsMs: 0, behind: [] },
  // None could be made of it.
  backup_overdue: { lastsMs: 0, behind: ['store_failing'] },
  gateway_certificate_expires: { lastsMs: 0, behind: [] },
  page_certificate_expires: { lastsMs: 0, behind: [] },
  agent_certificate_expires: { lastsMs: 0, behind: [] },
  rotation_under_way: { lastsMs: 0, behind: [] },
  agent_pending: { lastsMs: 0, behind: [] },
  agent_cloned: { lastsMs: 0, behind: [] },
  // Who knocks in its place is to be decided on.
  agent_refused: { lastsMs: gatewayLimits.refusedAttentionMs, behind: ['agent_pending'] },
  agent_offline: { lastsMs: gatewayLimits.offlineAttentionMs, behind: ['agent_pending'] },
  agent_unused: { lastsMs: gatewayLimits.unusedAttentionMs, behind: ['agent_refused', 'agent_offline'] },
  token_expires: { lastsMs: 0, behind: [] },
  token_unused: { lastsMs: gatewayLimits.unusedAttentionMs, behind: ['token_expires'] },
}
