import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { checkArgument } from '../base/argument.ts'
import { Asn1Error, parseDer } from './asn1.ts'
import { checkSize, invalid, type KeyPair, pairOf } from './key-pair.ts'
import { DerivationBudget, passwordForms, UnknownAlgorithmError } from './password-encryption.ts'
import { decryptPrivateKey } from './pfx.ts'

/** A certificate and its key as PEM text. */
export interface PemOptions {
  /** One certificate, or several of which one belongs to the key, in any order. */
  readonly certificatePem: string
  /** Default: the key stands in `certificatePem` too. */
  readonly keyPem?: string | undefined
  /** Names the place in errors. Default `the certificate`. */
  readonly where?: string | undefined
}

/** A pair whose key is not encrypted. */
export function readPem(options: PemOptions): KeyPair {
  checkPemOptions(options)
  const { where = 'the certificate' } = options
  const certificates = certificatesOf(options, where)
  const block = keyBlockOf(options, where)
  if (isEncrypted(block)) throw invalid(where, 'the private key is encrypted', 'supply its password')
  return pairOf([readPemKey(block, where)], certificates, where)
}

/** A pair whose key may be encrypted. */
export async function openPem(options: PemOptions & { readonly password: string }): Promise<KeyPair> {
  checkPemOptions(options)
  checkArgument(options.password, 'the password', 'text')
  const { where = 'the certificate', password } = options
  const certificates = certificatesOf(options, where)
  const block = keyBlockOf(options, where)
  const key = isEncrypted(block) ? await openPemKey(block, password, where) : readPemKey(block, where)
  return pairOf([key], certificates, where)
}

/** What else stands beside the texts, as in a whole certificate, is left alone. */
function checkPemOptions(options: unknown): void {
  checkArgument(options, 'the PEM of a certificate', 'object')
  const { certificatePem, keyPem, where } = options as Partial<PemOptions>
  checkArgument(certificatePem, 'certificatePem', 'text')
  if (keyPem !== undefined) checkArgument(keyPem, 'keyPem', 'text')
  if (where !== undefined) checkArgument(where, 'where', 'text')
}

/** A block of a PEM text, with its boundaries. */
interface Block {
  readonly label: string
  readonly text: string
}

/** The blocks of a text, in one pass whatever is in it. */
function blocksOf(pem: string, where: string): Block[] {
  checkSize(pem.length, where)
  const blocks: Block[] = []
  let begun: { readonly label: string; readonly at: number } | undefined
  for (const { 0: boundary, 1: word, 2: label = '', index } of pem.matchAll(/-----(BEGIN|END) ([A-Z0-9 ]{1,64})-----/g)) {
    if (word === 'BEGIN') begun = { label, at: index }
    else if (begun?.label === label) {
      blocks.push({ label, text: pem.slice(begun.at, index + boundary.length) })
      begun = undefined
    }
  }
  return blocks
}

function certificatesOf({ certificatePem }: PemOptions, where: string): X509Certificate[] {
  const blocks = blocksOf(certificatePem, where).filter(({ label }) => /^(?:X509 |TRUSTED )?CERTIFICATE$/.test(label))
  if (blocks.length > 0) return blocks.map(({ text }) => parseCertificate(text, where))
  throw invalid(where, 'there is no CERTIFICATE block in it', 'supply a PEM file that begins with -----BEGIN CERTIFICATE-----')
}

function parseCertificate(certificate: string, where: string): X509Certificate {
  try {
    return new X509Certificate(certificate)
  } catch (error) {
    throw invalid(where, 'the certificate cannot be read', 'export it again; the file may be damaged or cut off', error)
  }
}

function keyBlockOf({ certificatePem, keyPem = certificatePem }: PemOptions, where: string): Block {
  const block = blocksOf(keyPem, where).find(({ label }) => label.endsWith('PRIVATE KEY'))
  if (block) return block
  throw invalid(where, 'there is no private key', 'supply the PRIVATE KEY block too, in the same file or one of its own')
}

function isEncrypted({ label, text }: Block): boolean {
  return label === encryptedKey || /^Proc-Type: 4,ENCRYPTED/m.test(text)
}

const encryptedKey = 'ENCRYPTED PRIVATE KEY'

function readPemKey({ text }: Block, where: string): KeyObject {
  try {
    return createPrivateKey({ key: text, format: 'pem' })
  } catch (error) {
    throw invalid(where, 'the private key cannot be read', 'supply an RSA or EC key as PKCS #8, PKCS #1 or SEC 1', error)
  }
}

async function openPemKey({ label, text }: Block, password: string, where: string): Promise<KeyObject> {
  try {
    // The older form derives its key by one hash.
    if (label !== encryptedKey) return createPrivateKey({ key: text, format: 'pem', passphrase: password })
    const der = Buffer.from(text.replace(/-----[^-]+-----/g, ''), 'base64')
    const key = await decryptPrivateKey(parseDer(der), passwordForms(password)[0], new DerivationBudget())
    return createPrivateKey({ key, format: 'der', type: 'pkcs8' })
  } catch (error) {
    if (error instanceof Asn1Error)
      throw invalid(where, 'the private key cannot be read', 'export it again; the file may be damaged', error)
    if (error instanceof UnknownAlgorithmError) {
      throw invalid(where, `the private key cannot be read: ${error.message}`, 'convert it with "openssl pkcs8 -topk8"', error)
    }
    throw invalid(where, 'the password does not open the private key', 'supply the right password', error)
  }
}
