import type { MethodResult } from '@halibut-gateway/schemas'
import type { CertificateView } from '../address/route.ts'
import { tidyThumbprint } from './thumbprints.ts'

type Known = MethodResult<'trust.thumbprints'>['certificates'][number]

const dayMs = 86_400_000
/** What expires within this time is to be seen to. */
export const expiresSoonMs = 30 * dayMs
/** What nobody has shown for this time is perhaps not needed any more. */
export const unusedMs = 90 * dayMs

/** A certificate of an agent in a list. */
export interface CertificateRow {
  readonly known: Known
  /** UTC milliseconds since 1970; absent: nobody has seen it yet. */
  readonly expiresMs: number | undefined
  readonly expiry: 'unknown' | 'expired' | 'soon' | 'later'
  /** Some agent with it is there now. */
  readonly isThere: boolean
  /** Nobody has shown it for 90 days. */
  readonly isUnused: boolean
}

/** Certificates as a list shows them: what expires first stands first, then those of which nobody knows it. `isThere`: whether an agent is connected. */
export function certificateRows(all: readonly Known[], isThere: (agent: string) => boolean, nowMs: number): CertificateRow[] {
  return all
    .map((known): CertificateRow => {
      const expiresMs = known.expires === undefined ? undefined : Date.parse(known.expires)
      const isUsed = known.agents.some(isThere)
      const seenMs = known.lastSeen === undefined ? undefined : Date.parse(known.lastSeen)
      return {
        known,
        expiresMs,
        expiry: expiryOf(expiresMs, nowMs),
        isThere: isUsed,
        isUnused: !isUsed && known.revoked === undefined && (seenMs === undefined || seenMs < nowMs - unusedMs),
      }
    })
    .sort(
      (one, other) =>
        (one.expiresMs ?? Number.POSITIVE_INFINITY) - (other.expiresMs ?? Number.POSITIVE_INFINITY) ||
        compare(one.known.agents[0] ?? '~', other.known.agents[0] ?? '~') ||
        compare(one.known.thumbprint, other.known.thumbprint),
    )
}

/** Those of a view: of its kind, and with the search in the id of an agent or in the thumbprint. */
export function filterCertificates(rows: readonly CertificateRow[], { search, only }: CertificateView): readonly CertificateRow[] {
  const wanted = search.trim().toLowerCase()
  const thumbprint = tidyThumbprint(search)
  return rows.filter(row => isOf(row, only) && (wanted === '' || hasText(row.known, wanted, thumbprint)))
}

/** How many there are of a kind. */
export function countCertificates(rows: readonly CertificateRow[], only: CertificateView['only']): number {
  return rows.reduce((count, row) => count + Number(isOf(row, only)), 0)
}

export function expiryOf(expiresMs: number | undefined, nowMs: number): CertificateRow['expiry'] {
  if (expiresMs === undefined) return 'unknown'
  if (expiresMs <= nowMs) return 'expired'
  return expiresMs - nowMs <= expiresSoonMs ? 'soon' : 'later'
}

function isOf({ known, expiry, isUnused }: CertificateRow, only: CertificateView['only']): boolean {
  switch (only) {
    case 'all':
      return true
    case 'expiring':
      return known.revoked === undefined && (expiry === 'expired' || expiry === 'soon')
    case 'unused':
      return isUnused
    case 'revoked':
      return known.revoked !== undefined
  }
}

function hasText({ agents, thumbprint, thumbprint256 }: Known, wanted: string, digits: string): boolean {
  if (agents.some(id => id.toLowerCase().includes(wanted))) return true
  return digits !== '' && (thumbprint.includes(digits) || thumbprint256?.includes(digits) === true)
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}
