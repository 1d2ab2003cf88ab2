import type { MethodResult } from '@halibut-gateway/schemas'

/** One of the gateway’s own certificates. */
export type OwnCertificate = MethodResult<'certificates.list'>['own']['certificates'][number]

/** Where the gateway is on the way from one certificate to another. */
export type RotationStep =
  /** Agents know it by one. */
  | { readonly at: 'one'; readonly present: OwnCertificate | undefined }
  /** It presents both, and is known by the old one. */
  | { readonly at: 'both'; readonly old: OwnCertificate; readonly fresh: OwnCertificate }
  /** It presents both, and is known by the new one. */
  | { readonly at: 'promoted'; readonly old: OwnCertificate; readonly fresh: OwnCertificate }

/** The step that these certificates stand for. Of the two that are presented the later one is the new one, also where that was taken back. */
export function rotationStep(certificates: readonly OwnCertificate[]): RotationStep {
  const present = certificates.find(({ state }) => state === 'present')
  const other = certificates.find(({ state }) => state === 'next' || state === 'previous')
  if (!present || !other) return { at: 'one', present }
  const isPromoted = other.state === 'previous' && other.added <= present.added
  return isPromoted ? { at: 'promoted', old: other, fresh: present } : { at: 'both', old: present, fresh: other }
}
