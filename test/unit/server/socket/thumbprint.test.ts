import { X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { normaliseThumbprint, thumbprintOf, thumbprintsOf } from '../../../../server/src/socket/thumbprint.ts'
import { testIdentity } from '../../../support/certificates.ts'

const sha1 = 'A3F1C2D4E5B6978812340FEDCBA9876543210ABC'

describe('a thumbprint', () => {
  test('is the digest of the certificate’s DER', () => {
    const { certificateDer } = testIdentity('one')
    const parsed = new X509Certificate(certificateDer)
    expect(thumbprintOf(certificateDer)).toBe(parsed.fingerprint.replaceAll(':', ''))
    expect(thumbprintsOf(certificateDer).thumbprint256).toBe(parsed.fingerprint256.replaceAll(':', ''))
  })

  test.each([
    sha1.toLowerCase(),
    sha1.replace(/../g, '$&:').slice(0, -1),
    `\u200e${sha1.replace(/../g, '$& ')}\n`,
    sha1.replace(/.{8}/g, '$&-').slice(0, -1),
  ])('is understood when written as %j', text => {
    expect(normaliseThumbprint(text)).toBe(sha1)
  })

  test('of 64 digits is a SHA-256', () => {
    expect(normaliseThumbprint('ab'.repeat(32))).toBe('AB'.repeat(32))
  })

  test.each([
    ['', /agents\[2\]\.thumbprint: '' has 0 hexadecimal digits; SHA-1 has 40, SHA-256 has 64/],
    [sha1.slice(1), /has 39 hexadecimal digits/],
    [`${sha1}0`, /has 41/],
    [sha1.replace('F', 'G'), /'G' is not a hexadecimal digit/],
    ['x'.repeat(10_000), /^.{0,300}$/],
  ])('%j is refused with the place and the reason', (text, message) => {
    expect(() => normaliseThumbprint(text, 'agents[2].thumbprint')).toThrow(
      expect.objectContaining({ kind: 'invalid_argument', message: expect.stringMatching(message) }),
    )
  })
})
