import type { AttentionCode } from '@halibut-gateway/schemas'
import { gatewayLimits } from '../base/limits.ts'
import type { AgentDirectory } from '../fleet/agent-directory.ts'
import type { Trust } from '../fleet/trust.ts'
import type { TokenRecord } from '../store/records.ts'
import type { Check, Finding } from './attention.ts'
import { dayOf } from './fleet-checks.ts'

const { expiryAttentionMs, expiryCriticalMs } = gatewayLimits

/** A certificate of this gateway. */
export interface OwnExpiry {
  readonly code: Extract<AttentionCode, 'gateway_certificate_expires' | 'page_certificate_expires'>
  /** For people. */
  readonly what: string
  readonly thumbprint: string
  readonly expiresMs: number
  readonly action: { readonly text: string; readonly command?: string }
}

/** Certificates of this gateway, as they are at each look. */
export function ownCertificatesCheck(certificates: () => Iterable<OwnExpiry>): Check {
  return {
    name: 'certificates of the gateway',
    *look(now) {
      for (const { code, what, thumbprint, expiresMs, action } of certificates()) {
        const finding = expiring(code, thumbprint, expiresMs, now)
        if (finding) yield { ...finding, about: { thumbprint }, tell: () => ({ text: `${what} ${told(expiresMs, now)}`, action }) }
      }
    },
  }
}

/** Certificates that agents have shown. */
export function agentCertificatesCheck(directory: Pick<AgentDirectory, 'ids' | 'get'>, trust: Pick<Trust, 'known'>): Check {
  return {
    name: 'certificates of agents',
    *look(now) {
      for (const id of directory.ids()) {
        const thumbprint = directory.get(id)?.definition.thumbprint
        const expiresMs = thumbprint === undefined ? undefined : trust.known(thumbprint)?.expiresMs
        if (thumbprint === undefined || expiresMs === undefined) continue
        const finding = expiring('agent_certificate_expires', id, expiresMs, now)
        if (!finding) continue
        yield {
          ...finding,
          about: { agent: id, thumbprint },
          tell: () => ({
            text: `the certificate of ${id}, ${thumbprint}, ${told(expiresMs, now)}`,
            action: {
              text: 'give it a new one; it knocks with that, and takes its place when it is approved with --replace',
              command: 'halibut-gateway trust pending',
            },
          }),
        }
      }
    },
  }
}

/** What is known of the use of a token. */
type TokenUse = Pick<TokenRecord, 'id' | 'name' | 'createdMs' | 'expiresMs' | 'lastUsedMs' | 'revokedMs'>

/** Tokens that expire, and those that nobody uses. One that has expired is worth nothing, and one that was revoked is known to be. */
export function tokensCheck(tokens: { all(): Iterable<TokenUse> }): Check {
  return {
    name: 'tokens',
    *look(now) {
      for (const { id, name, createdMs, expiresMs, lastUsedMs, revokedMs } of tokens.all()) {
        if (revokedMs !== undefined || (expiresMs !== undefined && expiresMs <= now)) continue
        const about = { token: id }
        const finding = expiresMs === undefined ? undefined : expiring('token_expires', id, expiresMs, now)
        if (finding && expiresMs !== undefined) {
          const action = { text: 'make another one for whoever uses it, then revoke this one', command: 'halibut-gateway token list' }
          yield { ...finding, about, tell: () => ({ text: `the token ${name} ${told(expiresMs, now)}`, action }) }
          continue
        }
        const sinceMs = lastUsedMs ?? createdMs
        yield {
          code: 'token_unused',
          subject: id,
          about,
          sinceMs,
          version: sinceMs,
          tell: () => ({
            text: `nobody has used the token ${name} since ${dayOf(sinceMs)}`,
            action: { text: 'revoke it if it is not needed any more', command: `halibut-gateway token revoke ${id}` },
          }),
        }
      }
    },
  }
}

/** It is told in time, and matters more when there is little left. `undefined`: not yet. */
function expiring(code: AttentionCode, subject: string, expiresMs: number, now: number): Omit<Finding, 'tell'> | undefined {
  const leftMs = expiresMs - now
  if (leftMs > expiryAttentionMs) return undefined
  return {
    code,
    subject,
    sinceMs: expiresMs - expiryAttentionMs,
    ...(leftMs <= expiryCriticalMs && { severity: 'critical' as const }),
    version: `${expiresMs} ${leftMs <= 0}`,
  }
}

function told(expiresMs: number, now: number): string {
  return `${expiresMs <= now ? 'has expired' : 'expires'} on ${dayOf(expiresMs)}`
}
