import { createSign, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { type Certificate, certificateFromPem, createSelfSignedCertificate } from '../../server/src/runtime/certificates.ts'

/** What a test certificate shall be like. */
export interface TestCertificateOptions {
  readonly commonName: string
  /** Default: from yesterday for ten years. */
  readonly notBefore?: Date
  readonly notAfter?: Date
  /** Who has signed it, with a key of its own. Default: nobody else. */
  readonly issuer?: string
}

/**
 * A self-signed certificate with a P-256 key, made in a millisecond (an RSA key takes a tenth of a second). The runtime makes RSA ones:
 * for those see {@link rsaIdentity}.
 */
export function createTestCertificate(options: TestCertificateOptions): Certificate {
  const { commonName, notBefore = new Date(Date.now() - 86_400_000), notAfter = new Date(Date.now() + 3650 * 86_400_000) } = options
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const { issuer = commonName } = options
  const signer = options.issuer === undefined ? privateKey : generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey
  const der = signedCertificate({ commonName, issuer, notBefore, notAfter }, signer, publicKey.export({ type: 'spki', format: 'der' }))
  const certificatePem = `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`
  return certificateFromPem({ certificatePem, keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() })
}

const identities = new Map<string, Certificate>()
let rsa: Promise<Certificate> | undefined

/** The identity of that name, made once in a process: `testIdentity('alice')` is the same certificate in every test of a file. */
export function testIdentity(name: string): Certificate {
  const known = identities.get(name)
  if (known) return known
  const made = createTestCertificate({ commonName: name })
  identities.set(name, made)
  return made
}

/** An RSA-2048 identity as the runtime makes it, made once in a process. */
export function rsaIdentity(): Promise<Certificate> {
  rsa ??= createSelfSignedCertificate({ commonName: 'rsa' })
  return rsa
}

/** X.509 by hand: TBSCertificate, algorithm, signature (RFC 5280 §4.1). */
function signedCertificate(about: Required<TestCertificateOptions>, key: KeyObject, spki: Buffer): Buffer {
  const { commonName, issuer, notBefore, notAfter } = about
  const ecdsaWithSha256 = sequence(Buffer.from('06082a8648ce3d040302', 'hex'))
  const nameOf = (name: string): Buffer =>
    sequence(tagged(0x31, sequence(Buffer.from('0603550403', 'hex'), tagged(0x0c, Buffer.from(name, 'utf8')))))
  const serial = Buffer.from([1 + (serials & 0x7e), (serials++ >> 7) & 0xff])
  const toBeSigned = sequence(
    tagged(0xa0, tagged(0x02, Buffer.from([2]))),
    tagged(0x02, serial),
    ecdsaWithSha256,
    nameOf(issuer),
    sequence(time(notBefore), time(notAfter)),
    nameOf(commonName),
    spki,
  )
  const signature = createSign('sha256').update(toBeSigned).sign(key)
  return sequence(toBeSigned, ecdsaWithSha256, tagged(0x03, Buffer.concat([Buffer.from([0]), signature])))
}

let serials = 0

function sequence(...parts: Buffer[]): Buffer {
  return tagged(0x30, ...parts)
}

function tagged(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const length = content.length
  const prefix = length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from(prefix), content])
}

/** GeneralizedTime. */
function time(date: Date): Buffer {
  return tagged(0x18, Buffer.from(`${date.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`, 'latin1'))
}
