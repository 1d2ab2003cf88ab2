import { isThumbprint, tidyThumbprint } from './thumbprints.ts'

/** A certificate that was seen somewhere. */
interface Seen {
  readonly thumbprint: string
  readonly thumbprint256: string
}

/**
 * What a person says of the certificate of a machine, beside the one that was seen there.
 *
 * - `none`: nothing yet
 * - `unfinished`: what was pasted is no thumbprint
 * - `told`: a thumbprint, and nobody has looked at the machine
 * - `same`, `other`: whether it is the one that was seen
 */
export type Told =
  | { readonly is: 'none' }
  | { readonly is: 'unfinished'; readonly digits: number }
  | { readonly is: 'told' | 'same' | 'other'; readonly thumbprint: string }

/** Compares what was pasted, SHA-1 or SHA-256, with what was seen. */
export function readTold(pasted: string, seen: Seen | undefined): Told {
  const tidy = tidyThumbprint(pasted)
  if (tidy === '') return { is: 'none' }
  if (seen && (tidy === seen.thumbprint || tidy === seen.thumbprint256)) return { is: 'same', thumbprint: seen.thumbprint }
  if (!isThumbprint(tidy) && !/^[0-9A-F]{64}$/.test(tidy)) return { is: 'unfinished', digits: tidy.length }
  if (seen) return { is: 'other', thumbprint: tidy }
  return isThumbprint(tidy) ? { is: 'told', thumbprint: tidy } : { is: 'unfinished', digits: tidy.length }
}
