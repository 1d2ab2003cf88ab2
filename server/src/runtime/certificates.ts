import { generateKeyPair, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { type InspectOptions, inspect, promisify } from 'node:util'
import { isUint8Array } from 'node:util/types'
import forge from 'node-forge'
import { argumentText, checkArgument, OptionKinds } from '../base/argument.ts'
import { HalibutError } from '../base/errors.ts'
import { messageOf } from '../base/message-of.ts'
import { replaceFile } from '../base/replace-file.ts'
import { subjectText, thumbprintsOf } from '../socket/thumbprint.ts'
import { derOf } from './asn1.ts'
import { checkSize, invalid, type KeyPair } from './key-pair.ts'
import { openPem, type PemOptions, readPem } from './pem.ts'
import { openPfx, writePfx } from './pfx.ts'

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
const signNatively = promisify<string, Buffer, KeyObject, Buffer>(sign)
const dayMs = 86_400_000

/** How a certificate is made. */
export interface SelfSignedOptions {
  /** Default `Halibut`. */
  readonly commonName?: string | undefined
  /** Of validity, from yesterday on. Default 100: peers pin, and don’t look at dates. */
  readonly years?: number | undefined
}

const selfSignedKinds = new OptionKinds<SelfSignedOptions>({ commonName: 'text', years: 'number' })

/** Makes a self-signed certificate with a new RSA-2048 key, signed with SHA-256. */
export async function createSelfSignedCertificate(options: SelfSignedOptions = {}): Promise<Certificate> {
  selfSignedKinds.check(options, 'the options of createSelfSignedCertificate()')
  const { commonName = 'Halibut', years = 100 } = options
  if (commonName === '' || commonName.length > 64) {
    throw new HalibutError('invalid_argument', `the common name must have 1 to 64 characters, not ${commonName.length}`)
  }
  if (!(years > 0 && years <= 1_000)) throw new HalibutError('invalid_argument', `years must be above 0 and at most 1000, not ${years}`)
  const { publicKey, privateKey } = await newRsaKey('rsa', { modulusLength: 2048 })
  const certificate = forge.pki.createCertificate()
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey.export({ type: 'spki', format: 'pem' }).toString())
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
  const sha256WithRsa = forge.pki.oids['sha256WithRSAEncryption'] as string
  certificate.signatureOid = sha256WithRsa
  certificate.siginfo.algorithmOid = sha256WithRsa
  certificate.signature = (await signNatively('sha256', derOf(toBeSigned(certificate)), privateKey)).toString('latin1')
  return assemble({ certificate: new X509Certificate(derOf(forge.pki.certificateToAsn1(certificate))), key: privateKey })
}

/**
 * A certificate and its key from PEM text. RSA and EC.
 * @throws {HalibutError} `certificate_invalid`: unreadable, encrypted (see {@link certificateFromEncryptedPem}), or not a pair.
 */
export function certificateFromPem(options: PemOptions): Certificate {
  return assemble(readPem(options))
}

/**
 * The same for a key that may be encrypted. Its password is turned into a key outside of the event loop.
 * @throws {HalibutError} `certificate_invalid`, also for a wrong password.
 */
export async function certificateFromEncryptedPem(options: PemOptions & { readonly password: string }): Promise<Certificate> {
  return assemble(await openPem(options))
}

/**
 * A certificate and its key from a PFX (PKCS #12) file, also one of old tools that is encrypted with RC2-40. RSA and EC. Of several
 * certificates the one that belongs to the key is taken. The password is turned into keys outside of the event loop.
 * @throws {HalibutError} `certificate_invalid`: wrong password, no key in it, or not a PFX. `where` names the place.
 */
export async function certificateFromPfx(bytes: Uint8Array, password?: string, where = 'the PFX'): Promise<Certificate> {
  if (!isUint8Array(bytes)) throw new HalibutError('invalid_argument', `${where}: it must be bytes, not ${argumentText(bytes)}`)
  checkPassword(password)
  return assemble(await openPfx(bytes, password, where))
}

/**
 * A PFX (PKCS #12) of the certificate and its key, for .NET, Windows and OpenSSL.
 * `encryption`: default `aes256`; `3des` for Windows before 2019.
 */
export async function toPfx(certificate: Certificate, password: string, encryption: 'aes256' | '3des' = 'aes256'): Promise<Buffer> {
  checkCertificate(certificate)
  checkArgument(password, 'the password', 'text')
  checkEncryption(encryption)
  const { certificate: parsed, key } = readPem(certificate)
  const { thumbprint } = thumbprintsOf(parsed.raw)
  const entry = { key, certificateDer: parsed.raw, name: subjectText(parsed), localKeyId: Buffer.from(thumbprint, 'hex') }
  return writePfx(entry, password, encryption)
}

/** Certificate and key as one PEM text; the key is encrypted (AES-256) where a password is given. */
export function toPem(certificate: Certificate, password?: string): string {
  checkCertificate(certificate)
  checkPassword(password)
  if (password === undefined) return `${certificate.certificatePem}${certificate.keyPem}`
  const { key } = readPem(certificate)
  const encrypted = key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: password })
  return `${certificate.certificatePem}${encrypted.toString()}`
}

/** How a certificate’s file is read. */
export interface LoadOptions {
  /** Where the key of a PEM certificate has a file of its own. */
  readonly keyPath?: string | undefined
  readonly password?: string | undefined
}

const loadKinds = new OptionKinds<LoadOptions>({ keyPath: 'text', password: 'text' })

/**
 * Loads a PEM or PFX file, told apart by their content.
 * @throws {HalibutError} `certificate_invalid` that names the file, the reason and what to do.
 */
export async function loadCertificateFile(path: string, options: LoadOptions = {}): Promise<Certificate> {
  checkArgument(path, 'the path of a certificate', 'text')
  loadKinds.check(options, 'the options of loadCertificateFile()')
  const { keyPath, password } = options
  const bytes = await readSmallFile(path)
  if (!bytes.includes('-----BEGIN ')) return certificateFromPfx(bytes, password, path)
  const pem = await withKey(bytes, path, keyPath)
  return password === undefined ? certificateFromPem(pem) : certificateFromEncryptedPem({ ...pem, password })
}

/**
 * A PEM certificate with those that vouch for it, as its file has them, and its key from a file of its own: for TLS, which shows them all.
 * @throws {HalibutError} `certificate_invalid` as {@link loadCertificateFile}.
 */
export async function loadCertificateChain(path: string, keyPath: string): Promise<{ readonly chainPem: string; readonly keyPem: string }> {
  const pem = await withKey(await readSmallFile(path), path, keyPath)
  return { chainPem: pem.certificatePem, keyPem: certificateFromPem(pem).keyPem }
}

async function withKey(bytes: Buffer, path: string, keyPath: string | undefined): Promise<PemOptions> {
  const certificatePem = bytes.toString('utf8')
  if (keyPath === undefined) return { certificatePem, where: path }
  return { certificatePem, keyPem: (await readSmallFile(keyPath)).toString('utf8'), where: `${path} with the key of ${keyPath}` }
}

/** How a certificate’s file is written. */
export interface SaveOptions {
  /** Encrypts the key of a PEM file; of a PFX, which always has one, it is the empty one by default. */
  readonly password?: string | undefined
  /** Of a PFX: default `aes256`; `3des` for Windows before 2019. */
  readonly encryption?: 'aes256' | '3des' | undefined
}

const saveKinds = new OptionKinds<SaveOptions>({ password: 'text', encryption: 'any' })

/**
 * Writes certificate and key to a file that only this user can read (mode 0600): a PFX where its name ends with `.pfx` or `.p12`, else PEM. A
 * file that is there is replaced, whole or not at all.
 * @throws {HalibutError} `invalid_argument` that names the file and the reason where it cannot be written.
 */
export async function saveCertificateFile(certificate: Certificate, path: string, options: SaveOptions = {}): Promise<void> {
  checkArgument(path, 'the path of a certificate', 'text')
  saveKinds.check(options, 'the options of saveCertificateFile()')
  const { password, encryption } = options
  const content = /\.(?:pfx|p12)$/i.test(path) ? await toPfx(certificate, password ?? '', encryption) : toPem(certificate, password)
  try {
    await replaceFile(path, content)
  } catch (cause) {
    const why = messageOf(cause)
    throw new HalibutError('invalid_argument', `${path} cannot be written: ${why}`, {
      advice: 'check that its folder exists and that this user may write there',
      cause,
    })
  }
}

/** Throws `invalid_argument` for what is no certificate with its key. */
export function checkCertificate(it: unknown): void {
  checkArgument(it, 'the certificate', 'object')
  const { certificatePem, keyPem, certificateDer, thumbprint } = it as Partial<Certificate>
  const isOne = [certificatePem, keyPem, thumbprint].every(text => typeof text === 'string') && isUint8Array(certificateDer)
  if (isOne) return
  throw new HalibutError(
    'invalid_argument',
    'the certificate: it must be one that createSelfSignedCertificate() or loadCertificateFile() gave',
  )
}

function checkPassword(password: unknown): void {
  if (password !== undefined) checkArgument(password, 'the password', 'text')
}

function checkEncryption(encryption: unknown): void {
  if (encryption === 'aes256' || encryption === '3des') return
  throw new HalibutError('invalid_argument', `the encryption of a PFX: it must be aes256 or 3des, not ${argumentText(encryption)}`)
}

/** forge has it, and its type declarations do not. */
function toBeSigned(certificate: forge.pki.Certificate): forge.asn1.Asn1 {
  return (forge.pki as unknown as { getTBSCertificate(certificate: forge.pki.Certificate): forge.asn1.Asn1 }).getTBSCertificate(certificate)
}

function assemble({ certificate: parsed, key }: KeyPair): Certificate {
  const { thumbprint, thumbprint256 } = thumbprintsOf(parsed.raw)
  return {
    certificatePem: parsed.toString(),
    keyPem: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificateDer: parsed.raw,
    thumbprint,
    thumbprint256,
    subject: subjectText(parsed),
    notAfter: new Date(parsed.validTo),
    keyType: key.asymmetricKeyType ?? 'unknown',
    ...keyless,
  }
}

/** How it is shown, by `console.log` and as JSON: whose it is, and never the key. Members of its own, so that a copy with something else in it has them too. */
const keyless = {
  toJSON(this: Certificate): object {
    return shown(this)
  },
  [inspect.custom](this: Certificate, _depth: number, options: InspectOptions): string {
    return `Certificate ${inspect(shown(this), options)}`
  },
}

function shown({ thumbprint, thumbprint256, subject, notAfter, keyType }: Certificate): object {
  return { thumbprint, thumbprint256, subject, notAfter, keyType }
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
  checkSize(bytes.length, path)
  return bytes
}
