import { createHmac, createPrivateKey, type KeyObject, randomBytes, timingSafeEqual, X509Certificate } from 'node:crypto'
import { messageOf } from '../base/message-of.ts'
import {
  type Asn1,
  bmpString,
  derOf,
  explicit0,
  implicitOctets0,
  integer,
  integerOf,
  membersOf,
  nothing,
  octets,
  octetsOf,
  oid,
  oidOf,
  parseDer,
  sequence,
  set,
} from './asn1.ts'
import { checkSize, invalid, type KeyPair, pairOf } from './key-pair.ts'
import {
  DerivationBudget,
  decryptByPassword,
  derivePkcs12,
  type Encrypted,
  encryptAes256,
  encryptTripleDes,
  type Password,
  passwordForms,
  UnknownAlgorithmError,
  WrongPasswordError,
} from './password-encryption.ts'

/** What a PKCS #12 file (RFC 7292) holds. */
interface PfxContent {
  readonly keys: readonly KeyObject[]
  readonly certificates: readonly X509Certificate[]
}

const ids = {
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
  keyBag: '1.2.840.113549.1.12.10.1.1',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certificateBag: '1.2.840.113549.1.12.10.1.3',
  safeContentsBag: '1.2.840.113549.1.12.10.1.6',
  x509Certificate: '1.2.840.113549.1.9.22.1',
  friendlyName: '1.2.840.113549.1.9.20',
  localKeyId: '1.2.840.113549.1.9.21',
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
} as const

const macHashes: Readonly<Record<string, string>> = {
  [ids.sha1]: 'sha1',
  '2.16.840.1.101.3.4.2.4': 'sha224',
  [ids.sha256]: 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}

/** Safe contents inside of safe contents. Nobody nests them. */
const maxNesting = 8

interface Opening {
  readonly password: Password
  readonly budget: DerivationBudget
  readonly keys: KeyObject[]
  readonly certificates: X509Certificate[]
}

/** The pair in a PFX. `where` names the place in errors. */
export async function openPfx(bytes: Uint8Array, password: string | undefined, where: string): Promise<KeyPair> {
  checkSize(bytes.length, where)
  const { keys, certificates } = await readBytes(bytes, password, where)
  if (keys.length === 0) throw invalid(where, 'it holds no private key', 'export it again, together with its private key')
  return pairOf(keys, certificates, where)
}

async function readBytes(bytes: Uint8Array, password: string | undefined, where: string): Promise<PfxContent> {
  let file: Asn1
  try {
    file = parseDer(bytes)
  } catch (error) {
    throw invalid(where, 'it is neither PEM nor PFX', 'supply a PEM or PKCS #12 file', error)
  }
  try {
    return await readPfx(file, password)
  } catch (error) {
    if (error instanceof WrongPasswordError) throw invalid(where, 'the password does not open the PFX', 'supply the right password', error)
    const reason = messageOf(error)
    const fix = 'convert it with "openssl pkcs12 -legacy -in old.pfx -nodes -out new.pem" and supply the PEM file'
    throw invalid(where, `the PFX cannot be read: ${reason}`, fix, error)
  }
}

async function readPfx(file: Asn1, password: string | undefined): Promise<PfxContent> {
  const [version, safe, mac] = membersOf(file)
  if (integerOf(version) !== 3) throw new UnknownAlgorithmError(`its version is ${integerOf(version)}, not 3`)
  const [type, content] = membersOf(safe)
  if (oidOf(type) !== ids.data) throw new UnknownAlgorithmError('it is signed by a key, not by a password')
  const safes = octetsOf(membersOf(content)[0])
  const budget = new DerivationBudget()
  const opening: Opening = { password: await knownBy(mac, safes, password, budget), budget, keys: [], certificates: [] }
  for (const each of membersOf(parseDer(safes))) await readSafe(each, opening)
  return opening
}

/** The form of the password that the file’s MAC proves to be right; the first where it has none. */
async function knownBy(mac: Asn1 | undefined, content: Buffer, password: string | undefined, budget: DerivationBudget): Promise<Password> {
  const forms = passwordForms(password)
  if (!mac) return forms[0]
  const [digestInfo, salt, count] = membersOf(mac)
  const [algorithm, digest] = membersOf(digestInfo)
  const name = oidOf(membersOf(algorithm)[0])
  const hash = macHashes[name]
  if (hash === undefined) throw new UnknownAlgorithmError(`its integrity is protected with ${name}`)
  const iterations = count ? integerOf(count) : 1
  for (const form of forms) {
    const expected = await macOf(content, { hash, password: form, salt: octetsOf(salt), iterations }, budget)
    const stated = octetsOf(digest)
    if (stated.length === expected.length && timingSafeEqual(stated, expected)) return form
  }
  throw new WrongPasswordError('the MAC is not that of this password')
}

interface MacOptions {
  readonly hash: string
  readonly password: Password
  readonly salt: Buffer
  readonly iterations: number
}

async function macOf(content: Buffer, { hash, password, salt, iterations }: MacOptions, budget: DerivationBudget): Promise<Buffer> {
  const bytes = createHmac(hash, '').digest().length
  const key = await derivePkcs12({ hash, purpose: 3, password: password.utf16, salt, iterations, bytes }, budget)
  return createHmac(hash, key).update(content).digest()
}

async function readSafe(info: Asn1, opening: Opening): Promise<void> {
  const [type, content] = membersOf(info)
  const name = oidOf(type)
  const inner = membersOf(content)[0]
  if (name === ids.data) return readBags(parseDer(octetsOf(inner)), opening, 0)
  if (name !== ids.encryptedData) throw new UnknownAlgorithmError(`a part of it is encrypted for the holder of a key (${name})`)
  const [, encrypted] = membersOf(inner)
  const [, algorithm, bytes] = membersOf(encrypted)
  await readBags(parseDecrypted(await decryptByPassword(algorithm, octetsOf(bytes), opening.password, opening.budget)), opening, 0)
}

async function readBags(bags: Asn1, opening: Opening, depth: number): Promise<void> {
  if (depth > maxNesting) throw new UnknownAlgorithmError(`its parts are nested more than ${maxNesting} deep`)
  for (const bag of membersOf(bags)) {
    const [type, content] = membersOf(bag)
    const inner = membersOf(content)[0]
    switch (oidOf(type)) {
      case ids.keyBag:
        if (inner) opening.keys.push(readKey(derOf(inner)))
        break
      case ids.shroudedKeyBag:
        opening.keys.push(readKey(await decryptPrivateKey(inner, opening.password, opening.budget)))
        break
      case ids.certificateBag: {
        const [kind, certificate] = membersOf(inner)
        if (oidOf(kind) === ids.x509Certificate) opening.certificates.push(new X509Certificate(octetsOf(membersOf(certificate)[0])))
        break
      }
      case ids.safeContentsBag:
        if (inner) await readBags(inner, opening, depth + 1)
        break
      default:
      // Revocation lists and secrets of others.
    }
  }
}

/** The PKCS #8 inside of an `EncryptedPrivateKeyInfo`, which is also what a PEM block `ENCRYPTED PRIVATE KEY` holds. */
export async function decryptPrivateKey(info: Asn1 | undefined, password: Password, budget: DerivationBudget): Promise<Buffer> {
  const [algorithm, content] = membersOf(info)
  const der = await decryptByPassword(algorithm, octetsOf(content), password, budget)
  parseDecrypted(der)
  return der
}

/** One wrong password in 256 leaves a padding that looks right; what comes out then is no ASN.1. */
function parseDecrypted(bytes: Buffer): Asn1 {
  try {
    return parseDer(bytes)
  } catch (cause) {
    throw new WrongPasswordError('the content does not come out with this password', { cause })
  }
}

/** A key of any kind that Node knows, from its PKCS #8. */
function readKey(der: Buffer): KeyObject {
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  } catch (cause) {
    throw new UnknownAlgorithmError('its private key is of an unknown kind', { cause })
  }
}

/** How {@link writePfx} protects. The iterations are those of the key derivations of content and MAC. */
const protections = {
  aes256: { encrypt: encryptAes256, iterations: 20_000, hash: 'sha256', hashId: ids.sha256 },
  '3des': { encrypt: encryptTripleDes, iterations: 2_048, hash: 'sha1', hashId: ids.sha1 },
} as const

/** A certificate and its key as they go into a file. */
export interface PfxEntry {
  readonly key: KeyObject
  readonly certificateDer: Buffer
  /** What Windows shows. */
  readonly name: string
  /** Joins certificate and key. */
  readonly localKeyId: Buffer
}

export async function writePfx(entry: PfxEntry, password: string, encryption: keyof typeof protections): Promise<Buffer> {
  const { encrypt, iterations, hash, hashId } = protections[encryption]
  const [form] = passwordForms(password)
  const certificates = await encrypt(derOf(sequence(certificateBag(entry))), form, iterations)
  const key = await encrypt(entry.key.export({ type: 'pkcs8', format: 'der' }), form, iterations)
  const safes = derOf(sequence(encryptedSafe(certificates), plainSafe(sequence(keyBag(entry, key)))))
  const salt = randomBytes(16)
  const mac = await macOf(safes, { hash, password: form, salt, iterations }, new DerivationBudget())
  const digest = sequence(sequence(oid(hashId), nothing()), octets(mac))
  return derOf(sequence(integer(3), sequence(oid(ids.data), explicit0(octets(safes))), sequence(digest, octets(salt), integer(iterations))))
}

function plainSafe(bags: Asn1): Asn1 {
  return sequence(oid(ids.data), explicit0(octets(derOf(bags))))
}

function encryptedSafe({ algorithm, content }: Encrypted): Asn1 {
  const info = sequence(oid(ids.data), algorithm, implicitOctets0(content))
  return sequence(oid(ids.encryptedData), explicit0(sequence(integer(0), info)))
}

function certificateBag(entry: PfxEntry): Asn1 {
  const content = sequence(oid(ids.x509Certificate), explicit0(octets(entry.certificateDer)))
  return sequence(oid(ids.certificateBag), explicit0(content), attributes(entry))
}

function keyBag(entry: PfxEntry, { algorithm, content }: Encrypted): Asn1 {
  return sequence(oid(ids.shroudedKeyBag), explicit0(sequence(algorithm, octets(content))), attributes(entry))
}

function attributes({ name, localKeyId }: PfxEntry): Asn1 {
  return set(sequence(oid(ids.localKeyId), set(octets(localKeyId))), sequence(oid(ids.friendlyName), set(bmpString(name))))
}
