import forge from 'node-forge'

/** Reading and building DER with forge’s tree of nodes, in which contents are strings of one byte a character. */
export type Asn1 = forge.asn1.Asn1

const { asn1 } = forge
const { UNIVERSAL, CONTEXT_SPECIFIC } = asn1.Class

/** Thrown by the readers below: the bytes are no ASN.1, or not of the form that was looked for. */
export class Asn1Error extends Error {
  override readonly name = 'Asn1Error'
}

export function parseDer(bytes: Uint8Array): Asn1 {
  try {
    return asn1.fromDer(forge.util.createBuffer(Buffer.from(bytes).toString('latin1')))
  } catch (cause) {
    throw new Asn1Error('it is no ASN.1', { cause })
  }
}

export function derOf(node: Asn1): Buffer {
  return Buffer.from(asn1.toDer(node).getBytes(), 'latin1')
}

/** The members of a SEQUENCE, a SET or a constructed context tag. */
export function membersOf(node: Asn1 | undefined): readonly Asn1[] {
  if (!node || !Array.isArray(node.value)) throw new Asn1Error('a part of it is missing, or of another type')
  return node.value as Asn1[]
}

/** The bytes of an OCTET STRING, also of one that is constructed of parts, as BER allows and Windows writes. */
export function octetsOf(node: Asn1 | undefined): Buffer {
  if (!node) throw new Asn1Error('a part of it is missing')
  if (typeof node.value === 'string') return Buffer.from(node.value, 'latin1')
  return Buffer.concat((node.value as Asn1[]).map(octetsOf))
}

export function oidOf(node: Asn1 | undefined): string {
  if (node?.type !== asn1.Type.OID) throw new Asn1Error('an object identifier is missing')
  return asn1.derToOid(octetsOf(node).toString('latin1'))
}

/** A small INTEGER that is not negative. */
export function integerOf(node: Asn1 | undefined): number {
  const bytes = node?.type === asn1.Type.INTEGER ? octetsOf(node) : Buffer.alloc(0)
  if (bytes.length === 0 || bytes.length > 6 || ((bytes[0] as number) & 0x80) !== 0)
    throw new Asn1Error('a number is missing, or too large')
  return bytes.readUIntBE(0, bytes.length)
}

export function isSequence(node: Asn1 | undefined): boolean {
  return node?.tagClass === UNIVERSAL && node.type === asn1.Type.SEQUENCE
}

export function sequence(...members: Asn1[]): Asn1 {
  return asn1.create(UNIVERSAL, asn1.Type.SEQUENCE, true, members)
}

export function set(...members: Asn1[]): Asn1 {
  return asn1.create(UNIVERSAL, asn1.Type.SET, true, members)
}

export function oid(text: string): Asn1 {
  return asn1.create(UNIVERSAL, asn1.Type.OID, false, asn1.oidToDer(text).getBytes())
}

export function integer(value: number): Asn1 {
  return asn1.create(UNIVERSAL, asn1.Type.INTEGER, false, asn1.integerToDer(value).getBytes())
}

export function octets(bytes: Uint8Array): Asn1 {
  return asn1.create(UNIVERSAL, asn1.Type.OCTETSTRING, false, Buffer.from(bytes).toString('latin1'))
}

export function nothing(): Asn1 {
  return asn1.create(UNIVERSAL, asn1.Type.NULL, false, '')
}

export function bmpString(text: string): Asn1 {
  return asn1.create(UNIVERSAL, asn1.Type.BMPSTRING, false, bigEndianUtf16(text).toString('latin1'))
}

/** `[0] EXPLICIT` */
export function explicit0(member: Asn1): Asn1 {
  return asn1.create(CONTEXT_SPECIFIC, 0 as forge.asn1.Type, true, [member])
}

/** `[0] IMPLICIT OCTET STRING` */
export function implicitOctets0(bytes: Uint8Array): Asn1 {
  return asn1.create(CONTEXT_SPECIFIC, 0 as forge.asn1.Type, false, Buffer.from(bytes).toString('latin1'))
}

export function bigEndianUtf16(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16()
}
