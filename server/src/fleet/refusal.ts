import type { HalibutError } from '../base/errors.ts'
import { hostOf } from '../base/openings.ts'
import type { DeniedEvent } from '../runtime/events.ts'

/**
 * Why somebody is refused, as likely as we know:
 * - `unknown`: nobody has registered it
 * - `rotated`: an agent’s name with another certificate, while the agent is away
 * - `cloned`: an agent’s name or certificate, while that agent is connected too
 * - `renamed`: an agent’s certificate with a name that is not the agent’s, while the agent is away
 * - `intercepted`: somebody stands between us: no certificate came through, one that a proxy has made, or a forged one
 * - `wrong_role`: it wants to call services, or to be called, and does not poll
 * - `disabled`, `revoked`, `held`: a person has decided so; `held`: of this machine, while another one has the same certificate
 */
export type RefusalCause = 'unknown' | 'rotated' | 'cloned' | 'renamed' | 'intercepted' | 'wrong_role' | 'disabled' | 'revoked' | 'held'

/** Why somebody is refused, and what to do. */
export interface Refusal {
  readonly cause: RefusalCause
  /** What was seen, what was expected, and what that probably means. */
  readonly reason: string
  readonly advice: string
  /** The agent that it is about. */
  readonly agent: string | undefined
  /** The thumbprint that was expected. */
  readonly expected: string | undefined
}

/** An agent that somebody who knocks may be. */
export interface Namesake {
  readonly id: string
  readonly uri: string
  readonly thumbprint: string
  readonly nextThumbprint?: string | undefined
  readonly isConnected: boolean
  readonly isDisabled: boolean
}

/** What is known about somebody who knocks. */
export interface Acquaintance {
  /** The agent whose subscription it named. */
  readonly owner: Namesake | undefined
  /** The agent that is registered with its certificate. */
  readonly holder: Namesake | undefined
  /** Its certificate was revoked then, and was this agent’s. */
  readonly revoked: { readonly atMs: number; readonly agent: string | undefined } | undefined
  /** A person keeps this machine out. */
  readonly held?: { readonly heldMs: number; readonly by: string } | undefined
}

/** Why somebody who knocks is refused. Pure. */
export function explainKnock(knock: DeniedEvent, { owner, holder, revoked, held }: Acquaintance): Refusal {
  const { thumbprint, role, subscription } = knock
  const who = described(knock)
  const about = owner ?? holder
  const refusal = (cause: RefusalCause, reason: string, advice: string): Refusal => ({
    cause,
    reason,
    advice,
    agent: about?.id ?? revoked?.agent,
    expected: owner?.thumbprint,
  })
  if (thumbprint === undefined) {
    return refusal(
      'intercepted',
      `${who} speaks Halibut and presents no certificate: mostly a proxy that looks into TLS stands in between`,
      'let the agent’s connection pass that proxy untouched',
    )
  }
  if (revoked) {
    // Whoever may see the agent that it is about reads this, and may not see every other one.
    const whose =
      revoked.agent === undefined || (about && about.id !== revoked.agent) ? '' : `, which was that of the agent ${revoked.agent},`
    return refusal(
      'revoked',
      `${who} presents a certificate${whose} that was revoked at ${new Date(revoked.atMs).toISOString()}`,
      'give the machine a new certificate, or take the revocation back',
    )
  }
  if (role === 'client' || role === 'server') {
    return refusal(
      'wrong_role',
      role === 'client'
        ? `${who} wants to call services, and none is hosted at this port, which is for agents that poll`
        : `${who} says it is a server, which has to be called instead`,
      'set the agent up to poll this gateway, or add it as one that listens, by its own address',
    )
  }
  if (owner?.isDisabled) {
    return refusal('disabled', `${who} polls as ${owner.uri}, and the agent ${owner.id} is disabled`, `enable the agent ${owner.id}`)
  }
  if (owner && held) {
    return refusal(
      'held',
      `${who} polls as ${owner.uri} with the certificate of the agent ${owner.id}, which another machine has too; ${held.by} keeps this one out since ${new Date(held.heldMs).toISOString()}`,
      'give this machine a certificate of its own and approve it when it knocks with that, or release it',
    )
  }
  if (owner && [owner.thumbprint, owner.nextThumbprint].includes(thumbprint)) {
    return refusal(
      'intercepted',
      `${who} polls as ${owner.uri} with a certificate that has the SHA-1 ${thumbprint} of the agent ${owner.id}, and another SHA-256 than was seen with it before: it is a forged one`,
      'find out who that is; give the agent a new certificate, whose SHA-1 nobody has forged',
    )
  }
  if (owner) {
    const known = `${who} polls as ${owner.uri} with the certificate ${thumbprint}, and the agent ${owner.id} is registered with ${owner.thumbprint}`
    if (madeByAnother(knock)) {
      return refusal(
        'intercepted',
        `${known}; it was made by '${knock.issuer}': perhaps a proxy that looks into TLS stands in between`,
        'compare it with what the agent itself tells; let its connection pass that proxy untouched',
      )
    }
    return owner.isConnected
      ? refusal(
          'cloned',
          `${known}, and is connected: another machine uses its name`,
          'give one of the two machines a name of its own; where this one is to take the place of the other, replace the agent',
        )
      : refusal(
          'rotated',
          `${known}, and is away: its certificate was replaced, or another machine uses its name`,
          `compare it with what the machine itself tells, then replace the agent ${owner.id} with it`,
        )
  }
  if (holder) {
    const known = `${who} polls as ${subscription ?? 'nobody knows what'} with the certificate of the agent ${holder.id}, which polls as ${holder.uri}`
    return holder.isConnected
      ? refusal('cloned', `${known} and is connected: perhaps a copied disk`, 'give one of the two machines a certificate of its own')
      : refusal('renamed', `${known} and is away`, `correct the name on the machine, or the address of the agent ${holder.id}`)
  }
  if (subscription === undefined) {
    return refusal(
      'unknown',
      `${who} presents a certificate that no agent is registered with, and does not say as whom it polls`,
      'look at what it is: there is nothing to approve yet',
    )
  }
  return refusal(
    'unknown',
    `${who} polls as ${subscription}, and no agent is registered so`,
    'compare the thumbprint with what the machine itself tells, then approve or deny it',
  )
}

/**
 * Why a listening agent is not what it should be, as its state tells: what the failed attempt saw, and what that probably means. `wasSeen`: the
 * pinned certificate was there before. Pure.
 */
export function explainFailure({ kind, phase, message }: HalibutError, wasSeen: boolean): string {
  if (kind === 'thumbprint_mismatch') {
    return wasSeen
      ? `${message}; the pinned one was there before: the agent’s certificate was replaced, or another machine has its address`
      : `${message}; the pinned one was never seen there: perhaps it was pinned wrongly, or another service listens at this port`
  }
  const isStranger = kind === 'tls_failed' || (kind === 'protocol_error' && phase === 'identify')
  return isStranger ? `${message}; perhaps another service than the agent listens at this port` : message
}

/** What is added for how long this has been going on. */
export function howOften(count: number, firstSeenMs: number): string {
  return count === 1 ? ` (at ${new Date(firstSeenMs).toISOString()})` : ` (${count} times since ${new Date(firstSeenMs).toISOString()})`
}

/** Halibut’s certificates are made by those whom they name. */
function madeByAnother({ subject, issuer }: Pick<DeniedEvent, 'subject' | 'issuer'>): boolean {
  return issuer !== undefined && subject !== undefined && issuer !== '' && issuer !== subject
}

function described({ remoteAddress, subject }: DeniedEvent): string {
  const host = hostOf(remoteAddress)
  return subject === undefined || subject === '' ? host : `${host} ('${subject}')`
}
