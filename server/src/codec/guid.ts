import { HalibutError } from '../base/errors.ts'

/**
 * A GUID’s text is 8-4-4-4-12 lower-case hex. Its 16 bytes are in .NET order: the first three groups little-endian, the rest as
 * printed (spec §5.2).
 *
 *     text   00112233-4455-6677-8899-aabbccddeeff
 *     bytes  33 22 11 00  55 44  77 66  88 99  AA BB CC DD EE FF
 */
const textOffsets = [6, 4, 2, 0, 11, 9, 16, 14, 19, 21, 24, 26, 28, 30, 32, 34] as const

const hexPairs: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** The value of a hex digit by its character code; 255 for every other character. */
const digits = new Uint8Array(128).fill(255)
for (let i = 0; i < 10; i++) digits[0x30 + i] = i
for (let i = 0; i < 6; i++) {
  digits[0x41 + i] = 10 + i
  digits[0x61 + i] = 10 + i
}

/** The bytes of a GUID in .NET order. Upper-case digits are accepted. Throws `invalid_argument` for any other text. */
export function guidToBytes(text: string): Buffer {
  const bytes = Buffer.allocUnsafe(16)
  if (!writeGuid(bytes, 0, text)) throw new HalibutError('invalid_argument', `'${text.slice(0, 64)}' is not a GUID of the form 8-4-4-4-12`)
  return bytes
}

/** Writes a GUID’s 16 bytes at `offset`; false, with the bytes undefined, when the text is not a GUID. */
export function writeGuid(target: Uint8Array, offset: number, text: string): boolean {
  if (text.length !== 36) return false
  if (text.charCodeAt(8) !== 45 || text.charCodeAt(13) !== 45 || text.charCodeAt(18) !== 45 || text.charCodeAt(23) !== 45) return false
  let seen = 0
  for (let i = 0; i < 16; i++) {
    const at = textOffsets[i] as number
    const high = digits[text.charCodeAt(at)] ?? 255
    const low = digits[text.charCodeAt(at + 1)] ?? 255
    seen |= high | low
    target[offset + i] = (high << 4) | low
  }
  return seen < 16
}

/** The text of the GUID whose 16 bytes start at `offset` (default 0). Throws `invalid_argument` when there are fewer. */
export function guidFromBytes(bytes: Uint8Array, offset = 0): string {
  if (offset < 0 || offset + 16 > bytes.length) {
    throw new HalibutError('invalid_argument', `a GUID has 16 bytes, not ${Math.max(0, bytes.length - offset)}`)
  }
  const hex = (i: number): string => hexPairs[bytes[offset + i] as number] as string
  return `${hex(3) + hex(2) + hex(1) + hex(0)}-${hex(5)}${hex(4)}-${hex(7)}${hex(6)}-${hex(8)}${hex(9)}-${
    hex(10) + hex(11) + hex(12) + hex(13) + hex(14) + hex(15)
  }`
}

/** True for a GUID of the form 8-4-4-4-12, in either letter case. */
export function isGuid(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)
}
