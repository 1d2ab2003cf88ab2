import { createPrivateKey, generateKeyPair, type KeyObject, randomBytes, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import forge from 'node-forge'
import { HalibutError } from '../base/errors.ts'
import { subjectText, thumbprintsOf } from '../socket/thumbprint.ts'

/** A certificate with its private key: who we are to our peers. */
export interface Certificate {
  readonly certificatePem: string
  /** PKCS #8, not encrypted. Keep it out of logs and answers. */
  readonly keyPem: string
  readonly certificateDer: Buffer
  /** SHA-1, 40 upper-case hex digits: what Halibut peers trust and pin. */
  readonly thumbprint: string
  /** SHA-256, 64 upper-case hex digits. */
  readonly thumbprint256: string
  readonly subject: string
  readonly notAfter: Date
  /** `rsa`, `ec`, `ed25519` and so on. */
  readonly keyType: string
}

const newRsaKey = promisify(generateKeyPair)
const dayMs = 86_400_000
const maxFileBytes = 1024 * 1024

/**
 * Makes a self-signed certificate with a new RSA-2048 key, signed with SHA-256.
 * `commonName` default `Halibut`; `years` of validity default 100 (peers pin, and don’t look at dates).
 */
export async function createSelfSignedCertificate(options: { commonName?: string; years?: number } = {}): Promise<Certificate> {
  const { commonName = 'Halibut', years = 100 } = options
  if (commonName === '' || commonName.length > 64) {
    throw new HalibutError('invalid_argument', `the common name must have 1 to 64 characters, not ${commonName.length}`)
  }
  if (!(years > 0 && years <= 1_000)) throw new HalibutError('invalid_argument', `years must be above 0 and at most 1000, not ${years}`)
  const { privateKey } = await newRsaKey('rsa', { modulusLength: 2048 })
  const keyPem = pemOf(privateKey)
  const signingKey = forge.pki.privateKeyFromPem(keyPem)
  const certificate = forge.pki.createCertificate()
  certificate.publicKey = forge.pki.setRsaPublicKey(signingKey.n, signingKey.e)
  // Positive and without a leading zero byte.
  const serial = randomBytes(16)
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40
  certificate.serialNumber = serial.toString('hex')
  // A day back, for peers whose clock is behind ours.
  certificate.validity.notBefore = new Date(Date.now() - dayMs)
  certificate.validity.notAfter = new Date(Date.now() + years * 365.25 * dayMs)
  // The numbers of ASN.1 types are missing from the type declarations: 12 is UTF8String.
  const name = [{ name: 'commonName', value: commonName, valueTagClass: 12 as forge.asn1.Class }]
  certificate.setSubject(name)
  certificate.setIssuer(name)
  certificate.sign(signingKey, forge.md.sha256.create())
  return assemble(Buffer.from(forge.asn1.toDer(forge.pki.certificateToAsn1(certificate)).getBytes(), 'latin1'), privateKey)
}

/**
 * A certificate and its key from PEM text; the key may stand in the same text. An encrypted key takes a password. RSA and EC.
 * @throws {HalibutError} `certificate_invalid`: unreadable, encrypted without its password, or not a pair. `where` names the place.
 */
export function certificateFromPem(options: { certificatePem: string; keyPem?: string; password?: string; where?: string }): Certificate {
  const { certificatePem, keyPem = certificatePem, password, where = 'the certificate' } = options
  const leaf = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[\s\S]+?-----END (?:X509 |TRUSTED )?CERTIFICATE-----/.exec(
    certificatePem,
  )?.[0]
  if (!leaf) throw invalid(where, 'there is no CERTIFICATE block in it', 'supply a PEM file that begins with -----BEGIN CERTIFICATE-----')
  const certificate = parseCertificate(leaf, where)
  const key = parseKey(keyPem, password, where)
  if (!certificate.checkPrivateKey(key)) throw mismatch(where)
  return assemble(certificate.raw, key)
}

/**
 * A certificate and its key from a PFX (PKCS #12) file, also one of old tools that is encrypted with RC2-40. RSA and EC. Of several
 * certificates the one that belongs to the key is taken.
 * @throws {HalibutError} `certificate_invalid`: wrong password, no key in it, or not a PFX. `where` names the place.
 */
export function certificateFromPfx(bytes: Uint8Array, password?: string, where = 'the PFX'): Certificate {
  const pfx = openPfx(bytes, password, where)
  const keys = bagsOf(pfx, [forge.pki.oids['pkcs8ShroudedKeyBag'], forge.pki.oids['keyBag']]).map(bag => keyOfBag(bag, where))
  const certificates = bagsOf(pfx, [forge.pki.oids['certBag']]).map(bag => parseCertificate(certificateDerOfBag(bag), where))
  if (keys.length === 0) throw invalid(where, 'it holds no private key', 'export it again, together with its private key')
  for (const key of keys) {
    const certificate = certificates.find(one => one.checkPrivateKey(key))
    if (certificate) return assemble(certificate.raw, key)
  }
  throw mismatch(where)
}

/**
 * A PFX (PKCS #12) of the certificate and its key, for .NET and Windows.
 * `encryption`: default `aes256`; `3des` for Windows before 2019.
 * @throws {HalibutError} `certificate_invalid` for keys that aren’t RSA.
 */
export function toPfx(certificate: Certificate, password: string, encryption: 'aes256' | '3des' = 'aes256'): Buffer {
  if (certificate.keyType !== 'rsa') {
    const fix = 'take the PEM form, or convert that with "openssl pkcs12 -export"'
    throw invalid(certificate.subject, `a PFX can be written for RSA keys only, and this key is ${certificate.keyType}`, fix)
  }
  const key = forge.pki.privateKeyFromPem(certificate.keyPem)
  const asn1 = forge.pkcs12.toPkcs12Asn1(key, [forge.pki.certificateFromPem(certificate.certificatePem)], password, {
    algorithm: encryption,
    generateLocalKeyId: true,
    friendlyName: certificate.subject,
  })
  return Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'latin1')
}

/** Certificate and key as one PEM text; the key is encrypted (AES-256) where a password is given. */
export function toPem(certificate: Certificate, password?: string): string {
  if (password === undefined) return `${certificate.certificatePem}${certificate.keyPem}`
  const key = createPrivateKey(certificate.keyPem)
  const encrypted = key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: password })
  return `${certificate.certificatePem}${encrypted.toString()}`
}

/**
 * Loads a PEM or PFX file, told apart by their content. `keyPath`: where the key of a PEM certificate has a file of its own.
 * @throws {HalibutError} `certificate_invalid` that names the file, the reason and what to do.
 */
export async function loadCertificateFile(path: string, options: { keyPath?: string; password?: string } = {}): Promise<Certificate> {
  const { keyPath, password } = options
  const bytes = await readSmallFile(path)
  if (!bytes.includes('-----BEGIN ')) return certificateFromPfx(bytes, password, path)
  const keyPem = keyPath === undefined ? undefined : (await readSmallFile(keyPath)).toString('utf8')
  return certificateFromPem({
    certificatePem: bytes.toString('utf8'),
    where: keyPath === undefined ? path : `${path} with the key of ${keyPath}`,
    ...(keyPem !== undefined && { keyPem }),
    ...(password !== undefined && { password }),
  })
}

function assemble(certificateDer: Buffer, key: KeyObject): Certificate {
  const parsed = new X509Certificate(certificateDer)
  return {
    certificatePem: parsed.toString(),
    keyPem: pemOf(key),
    certificateDer,
    ...thumbprintsOf(certificateDer),
    subject: subjectText(parsed),
    notAfter: new Date(parsed.validTo),
    keyType: key.asymmetricKeyType ?? 'unknown',
  }
}

function parseCertificate(certificate: string | Buffer, where: string): X509Certificate {
  try {
    return new X509Certificate(certificate)
  } catch (error) {
    throw invalid(where, 'the certificate cannot be read', 'export it again; the file may be damaged or cut off', error)
  }
}

function parseKey(pem: string, password: string | undefined, where: string): KeyObject {
  const block = /-----BEGIN ((?:[A-Z]+ )*PRIVATE KEY)-----[\s\S]+?-----END \1-----/.exec(pem)?.[0]
  if (!block) throw invalid(where, 'there is no private key', 'supply the PRIVATE KEY block too, in the same file or one of its own')
  const encrypted = block.includes('ENCRYPTED')
  if (encrypted && password === undefined) throw invalid(where, 'the private key is encrypted', 'supply its password')
  try {
    return createPrivateKey({ key: block, format: 'pem', ...(password !== undefined && { passphrase: password }) })
  } catch (error) {
    if (encrypted) throw invalid(where, 'the password does not open the private key', 'supply the right password', error)
    throw invalid(where, 'the private key cannot be read', 'supply an RSA or EC key as PKCS #8, PKCS #1 or SEC 1', error)
  }
}

function openPfx(bytes: Uint8Array, password: string | undefined, where: string): forge.pkcs12.Pkcs12Pfx {
  let asn1: forge.asn1.Asn1
  try {
    asn1 = forge.asn1.fromDer(forge.util.createBuffer(Buffer.from(bytes).toString('latin1')))
  } catch (error) {
    throw invalid(where, 'it is neither PEM nor PFX', 'supply a PEM or PKCS #12 file', error)
  }
  try {
    return forge.pkcs12.pkcs12FromAsn1(asn1, false, password ?? '')
  } catch (error) {
    // "No password" exists in two forms: an empty one and none at all.
    if (password === undefined || password === '') {
      try {
        return forge.pkcs12.pkcs12FromAsn1(asn1, false)
      } catch {}
    }
    const reason = error instanceof Error ? error.message : String(error)
    if (/mac could not be verified|invalid password|decrypt/i.test(reason)) {
      throw invalid(where, 'the password does not open the PFX', 'supply the right password', error)
    }
    const fix = 'convert it with "openssl pkcs12 -legacy -in old.pfx -nodes -out new.pem" and supply the PEM file'
    throw invalid(where, `the PFX cannot be read: ${reason}`, fix, error)
  }
}

function bagsOf(pfx: forge.pkcs12.Pkcs12Pfx, types: readonly (string | undefined)[]): forge.pkcs12.Bag[] {
  return types.flatMap(type => (type === undefined ? [] : (pfx.getBags({ bagType: type })[type] ?? [])))
}

/** forge knows RSA keys only, but leaves others in the bag as they are: Node reads both. */
function keyOfBag(bag: forge.pkcs12.Bag, where: string): KeyObject {
  const asn1 = bag.key ? forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(bag.key)) : bag.asn1
  try {
    return createPrivateKey({ key: derOf(asn1), format: 'der', type: 'pkcs8' })
  } catch (error) {
    throw invalid(
      where,
      'the private key in the PFX is of an unknown kind',
      'convert it with "openssl pkcs12 -nodes" and supply the PEM file',
      error,
    )
  }
}

function certificateDerOfBag(bag: forge.pkcs12.Bag): Buffer {
  return derOf(bag.cert ? forge.pki.certificateToAsn1(bag.cert) : bag.asn1)
}

function derOf(asn1: forge.asn1.Asn1): Buffer {
  return Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'latin1')
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}

async function readSmallFile(path: string): Promise<Buffer> {
  let bytes: Buffer
  try {
    bytes = await readFile(path)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    const reason = code === 'ENOENT' ? 'there is no such file' : code === 'EACCES' ? 'this process may not read it' : String(error)
    throw invalid(path, reason, 'correct the path, or the rights of the file', error)
  }
  if (bytes.length > maxFileBytes) throw invalid(path, `it has ${bytes.length} bytes`, 'supply a certificate file')
  return bytes
}

function mismatch(where: string): HalibutError {
  return invalid(where, 'the private key does not belong to the certificate', 'supply the key that the certificate was made with')
}

function invalid(where: string, reason: string, advice: string, cause?: unknown): HalibutError {
  return new HalibutError('certificate_invalid', `${where}: ${reason}; ${advice}`, { advice, cause })
}
