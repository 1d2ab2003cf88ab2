import { createCipheriv, createDecipheriv, createHash, hash, pbkdf2, randomBytes, scrypt } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { promisify } from 'node:util'
import forge from 'node-forge'
import {
  type Asn1,
  bigEndianUtf16,
  integer,
  integerOf,
  isSequence,
  membersOf,
  nothing,
  octets,
  octetsOf,
  oid,
  oidOf,
  sequence,
} from './asn1.ts'

/** The content is encrypted or authenticated in a way that is not read here. The message says which. */
export class UnknownAlgorithmError extends Error {
  override readonly name = 'UnknownAlgorithmError'
}

/** The content does not come out with this password. */
export class WrongPasswordError extends Error {
  override readonly name = 'WrongPasswordError'
}

/**
 * A password as the standards want it: PBES2 takes the bytes of its UTF-8, PKCS #12 big-endian UTF-16 with two zero bytes at its end.
 * "No password" exists in PKCS #12 in two forms: an empty one, and none at all.
 */
export interface Password {
  readonly utf8: Buffer
  readonly utf16: Buffer
}

export function passwordForms(password: string | undefined): readonly [Password, ...Password[]] {
  const utf8 = Buffer.from(password ?? '', 'utf8')
  const given = { utf8, utf16: Buffer.concat([bigEndianUtf16(password ?? ''), Buffer.alloc(2)]) }
  return password ? [given] : [given, { utf8, utf16: Buffer.alloc(0) }]
}

/**
 * How much key derivation one file may ask for, in iterations of a hash, all of its parts together: the numbers stand in the file. Native derivation of
 * so many takes about ten seconds of another thread.
 */
const maxIterations = 20_000_000
/** PKCS #12’s own derivation is done here, hash by hash, and gives way to others this often. */
const iterationsAtOnce = 1_000
/** So does RC2. */
const rc2BytesAtOnce = 1_024
const maxScryptBytes = 128 * 1024 * 1024

export class DerivationBudget {
  #left = maxIterations

  take(iterations: number): void {
    this.#left -= iterations
    if (iterations < 1 || this.#left < 0) {
      throw new UnknownAlgorithmError(
        `it asks for ${iterations} iterations of key derivation; at most ${maxIterations} are done for a file`,
      )
    }
  }
}

const ids = {
  pbes2: '1.2.840.113549.1.5.13',
  pbkdf2: '1.2.840.113549.1.5.12',
  scrypt: '1.3.6.1.4.1.11591.4.11',
  hmacSha256: '1.2.840.113549.2.9',
  aes256: '2.16.840.1.101.3.4.1.42',
  tripleDes: '1.2.840.113549.1.12.1.3',
} as const

const hmacs: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.8': 'sha224',
  [ids.hmacSha256]: 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
}

const ciphers: Readonly<Record<string, { readonly name: string; readonly keyBytes: number }>> = {
  '2.16.840.1.101.3.4.1.2': { name: 'aes-128-cbc', keyBytes: 16 },
  '2.16.840.1.101.3.4.1.22': { name: 'aes-192-cbc', keyBytes: 24 },
  [ids.aes256]: { name: 'aes-256-cbc', keyBytes: 32 },
  '1.2.840.113549.3.7': { name: 'des-ede3-cbc', keyBytes: 24 },
}

/** The ciphers of PKCS #12 itself (RFC 7292, appendix C). OpenSSL 3 offers RC2 no more, so that one is forge’s. */
const oldCiphers: Readonly<Record<string, { readonly name: 'des-ede3-cbc' | 'des-ede-cbc' | 'rc2'; readonly keyBytes: number }>> = {
  [ids.tripleDes]: { name: 'des-ede3-cbc', keyBytes: 24 },
  '1.2.840.113549.1.12.1.4': { name: 'des-ede-cbc', keyBytes: 16 },
  '1.2.840.113549.1.12.1.5': { name: 'rc2', keyBytes: 16 },
  '1.2.840.113549.1.12.1.6': { name: 'rc2', keyBytes: 5 },
}

const derive = promisify(pbkdf2)
const deriveByScrypt = promisify<Buffer, Buffer, number, object, Buffer>(scrypt)

/**
 * Decrypts what an `AlgorithmIdentifier` describes: PBES2 (RFC 8018) with PBKDF2 or scrypt, and the schemes of PKCS #12. The keys are derived outside of the
 * event loop, or in steps that give way.
 * @throws {WrongPasswordError} the padding is not right. @throws {UnknownAlgorithmError}
 */
export async function decryptByPassword(
  algorithm: Asn1 | undefined,
  content: Buffer,
  password: Password,
  budget: DerivationBudget,
): Promise<Buffer> {
  const [id, parameters] = membersOf(algorithm)
  const name = oidOf(id)
  if (name === ids.pbes2) return decryptPbes2(membersOf(parameters), content, password, budget)
  const cipher = oldCiphers[name]
  if (!cipher) throw new UnknownAlgorithmError(`it is encrypted with ${name}`)
  const [salt, count] = membersOf(parameters)
  const [key, iv] = await deriveOld(cipher.keyBytes, octetsOf(salt), integerOf(count), password, budget)
  if (cipher.name === 'rc2') return decryptRc2(key, iv, content)
  return decipher(cipher.name, key, iv, content)
}

async function decryptPbes2(parameters: readonly Asn1[], content: Buffer, password: Password, budget: DerivationBudget): Promise<Buffer> {
  const [derivation, encryption] = parameters
  const [cipherId, iv] = membersOf(encryption)
  const cipher = ciphers[oidOf(cipherId)]
  if (!cipher) throw new UnknownAlgorithmError(`it is encrypted with ${oidOf(cipherId)}`)
  const key = await derivePbes2(membersOf(derivation), cipher.keyBytes, password, budget)
  return decipher(cipher.name, key, octetsOf(iv), content)
}

async function derivePbes2(derivation: readonly Asn1[], keyBytes: number, { utf8 }: Password, budget: DerivationBudget): Promise<Buffer> {
  const [id, parameters] = derivation
  const [salt, ...rest] = membersOf(parameters)
  if (oidOf(id) === ids.scrypt) {
    const [cost, blockSize, parallelization] = [integerOf(rest[0]), integerOf(rest[1]), integerOf(rest[2])]
    budget.take(cost * parallelization)
    try {
      return await deriveByScrypt(utf8, octetsOf(salt), keyBytes, { N: cost, r: blockSize, p: parallelization, maxmem: maxScryptBytes })
    } catch (cause) {
      throw new UnknownAlgorithmError(
        `its key is derived by scrypt with parameters that are not taken: ${cost}, ${blockSize}, ${parallelization}`,
        { cause },
      )
    }
  }
  if (oidOf(id) !== ids.pbkdf2) throw new UnknownAlgorithmError(`its key is derived by ${oidOf(id)}`)
  const iterations = integerOf(rest[0])
  const hmacId = rest.find(isSequence)
  const hmac = hmacId ? hmacs[oidOf(membersOf(hmacId)[0])] : 'sha1'
  if (hmac === undefined) throw new UnknownAlgorithmError('its key is derived with an unknown hash')
  budget.take(iterations)
  return derive(utf8, octetsOf(salt), iterations, keyBytes, hmac)
}

async function deriveOld(
  keyBytes: number,
  salt: Buffer,
  iterations: number,
  { utf16 }: Password,
  budget: DerivationBudget,
): Promise<[Buffer, Buffer]> {
  return [
    await derivePkcs12({ hash: 'sha1', purpose: 1, password: utf16, salt, iterations, bytes: keyBytes }, budget),
    await derivePkcs12({ hash: 'sha1', purpose: 2, password: utf16, salt, iterations, bytes: 8 }, budget),
  ]
}

/** What {@link derivePkcs12} makes, and of what. */
export interface Pkcs12Derivation {
  readonly hash: string
  /** 1: a key, 2: an initial value, 3: the key of a MAC. */
  readonly purpose: 1 | 2 | 3
  readonly password: Buffer
  readonly salt: Buffer
  readonly iterations: number
  readonly bytes: number
}

/** The key derivation of PKCS #12 (RFC 7292, appendix B.2), which `node:crypto` does not offer; the hashing is native. */
export async function derivePkcs12(wanted: Pkcs12Derivation, budget: DerivationBudget): Promise<Buffer> {
  const { purpose, password, salt, iterations, bytes } = wanted
  const blockBytes = wanted.hash === 'sha384' || wanted.hash === 'sha512' ? 128 : 64
  const digestBytes = createHash(wanted.hash).digest().length
  const diversifier = Buffer.alloc(blockBytes, purpose)
  const input = Buffer.concat([filled(salt, blockBytes), filled(password, blockBytes)])
  const blocks: Buffer[] = []
  for (let made = 0; made < bytes; made += digestBytes) {
    budget.take(iterations)
    let digest = hash(wanted.hash, Buffer.concat([diversifier, input]), 'buffer')
    for (let i = 1; i < iterations; i++) {
      if (i % iterationsAtOnce === 0) await setImmediate()
      digest = hash(wanted.hash, digest, 'buffer')
    }
    blocks.push(digest)
    const addend = filled(digest, blockBytes).subarray(0, blockBytes)
    for (let at = 0; at < input.length; at += blockBytes) addOneMore(input.subarray(at, at + blockBytes), addend)
  }
  return Buffer.concat(blocks).subarray(0, bytes)
}

/** Repeats bytes until they fill whole blocks; nothing stays nothing. */
function filled(bytes: Buffer, blockBytes: number): Buffer {
  return Buffer.alloc(Math.ceil(bytes.length / blockBytes) * blockBytes, bytes.length === 0 ? 0 : bytes)
}

/** `block + addend + 1`, as big-endian numbers of the block’s size. */
function addOneMore(block: Buffer, addend: Buffer): void {
  let carry = 1
  for (let i = block.length - 1; i >= 0; i--) {
    carry += (block[i] as number) + (addend[i] as number)
    block[i] = carry
    carry >>>= 8
  }
}

function decipher(name: string, key: Buffer, iv: Buffer, content: Buffer): Buffer {
  // Two keys of triple DES: the first is used again.
  const whole = name === 'des-ede-cbc' ? Buffer.concat([key, key.subarray(0, 8)]) : key
  try {
    const cipher = createDecipheriv(name === 'des-ede-cbc' ? 'des-ede3-cbc' : name, whole, iv)
    return Buffer.concat([cipher.update(content), cipher.final()])
  } catch (cause) {
    throw new WrongPasswordError('the content does not come out with this password', { cause })
  }
}

async function decryptRc2(key: Buffer, iv: Buffer, content: Buffer): Promise<Buffer> {
  const cipher = forge.rc2.createDecryptionCipher(key.toString('latin1'), key.length * 8)
  cipher.start(iv.toString('latin1'))
  for (let at = 0; at < content.length; at += rc2BytesAtOnce) {
    await setImmediate()
    cipher.update(forge.util.createBuffer(content.toString('latin1', at, at + rc2BytesAtOnce)))
  }
  if (!cipher.finish()) throw new WrongPasswordError('the content does not come out with this password')
  return Buffer.from(cipher.output.getBytes(), 'latin1')
}

/** Content, encrypted, and the `AlgorithmIdentifier` that says how. */
export interface Encrypted {
  readonly algorithm: Asn1
  readonly content: Buffer
}

/** Encrypts with PBES2: PBKDF2 with SHA-256, and AES-256. */
export async function encryptAes256(content: Buffer, { utf8 }: Password, iterations: number): Promise<Encrypted> {
  const [salt, iv] = [randomBytes(16), randomBytes(16)]
  const cipher = createCipheriv('aes-256-cbc', await derive(utf8, salt, iterations, 32, 'sha256'), iv)
  const derivation = sequence(oid(ids.pbkdf2), sequence(octets(salt), integer(iterations), sequence(oid(ids.hmacSha256), nothing())))
  const algorithm = sequence(oid(ids.pbes2), sequence(derivation, sequence(oid(ids.aes256), octets(iv))))
  return { algorithm, content: Buffer.concat([cipher.update(content), cipher.final()]) }
}

/** Encrypts with the triple DES of PKCS #12. */
export async function encryptTripleDes(content: Buffer, password: Password, iterations: number): Promise<Encrypted> {
  const salt = randomBytes(8)
  const cipher = createCipheriv('des-ede3-cbc', ...(await deriveOld(24, salt, iterations, password, new DerivationBudget())))
  const algorithm = sequence(oid(ids.tripleDes), sequence(octets(salt), integer(iterations)))
  return { algorithm, content: Buffer.concat([cipher.update(content), cipher.final()]) }
}
