import { isIP } from 'node:net'

/** An IP address as 16 bytes; IPv4 as ::ffff:a.b.c.d. `undefined` for what is none. A zone (fe80::1%eth0) is left out. */
export function addressBytes(text: string): Uint8Array | undefined {
  const [address = ''] = text.split('%')
  switch (isIP(address)) {
    case 4:
      return mapped(v4Bytes(address))
    case 6:
      return v6Bytes(address)
    default:
      return undefined
  }
}

/**
 * The IPv4 addresses that a packet to this address may come out at: its own where it is one, and what stands in an IPv6 address that is translated
 * or tunnelled on the way (mapped, translated, compatible, NAT64, 6to4, Teredo, ISATAP).
 */
export function v4Within(bytes: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = []
  const at = (start: number): Uint8Array => bytes.subarray(start, start + 4)
  if ([mappedPrefix, translatedPrefix, compatiblePrefix].some(prefix => startsWith(bytes, prefix))) found.push(at(12))
  // RFC 6052 and 8215: the well-known prefix, and the one for networks of one’s own, of any length.
  if (startsWith(bytes, [0x00, 0x64, 0xff, 0x9b])) found.push(at(12), ...nat64Forms(bytes))
  if (startsWith(bytes, [0x20, 0x02])) found.push(at(2))
  // Teredo: the server, and the client, whose bits are turned round.
  if (startsWith(bytes, [0x20, 0x01, 0x00, 0x00]))
    found.push(
      at(4),
      at(12).map(byte => byte ^ 0xff),
    )
  if ((bytes[8] ?? 0) <= 2 && startsWith(bytes.subarray(9), [0x00, 0x5e, 0xfe])) found.push(at(12))
  return found
}

/** Whether the first `bits` bits are those of `prefix`. */
export function isWithin(bytes: Uint8Array, prefix: Uint8Array, bits: number): boolean {
  const whole = bits >> 3
  for (let index = 0; index < whole; index++) if (bytes[index] !== prefix[index]) return false
  const rest = bits & 7
  if (rest === 0) return true
  const mask = 0xff & (0xff << (8 - rest))
  return ((bytes[whole] ?? 0) & mask) === ((prefix[whole] ?? 0) & mask)
}

/** An IPv4 address in its place among those of IPv6. */
export function mapped(v4: Uint8Array): Uint8Array {
  return Uint8Array.from([...mappedPrefix, ...v4])
}

const compatiblePrefix = new Array<number>(12).fill(0)
const mappedPrefix = [...compatiblePrefix.slice(2), 0xff, 0xff]
/** RFC 2765: what a stateless translator makes IPv4 of. */
const translatedPrefix = [...compatiblePrefix.slice(4), 0xff, 0xff, 0, 0]

/** Where the address stands with the shorter prefixes of RFC 6052: bits 64 to 71 are left out. */
function nat64Forms(bytes: Uint8Array): Uint8Array[] {
  return [4, 5, 6, 7, 8].map(start => {
    const picked: number[] = []
    for (let index = start; picked.length < 4; index++) if (index !== 8) picked.push(bytes[index] ?? 0)
    return Uint8Array.from(picked)
  })
}

function startsWith(bytes: Uint8Array, prefix: readonly number[]): boolean {
  return prefix.every((byte, index) => bytes[index] === byte)
}

function v4Bytes(address: string): Uint8Array {
  return Uint8Array.from(address.split('.').map(Number))
}

function v6Bytes(address: string): Uint8Array {
  const [, words = address, dotted] = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address) ?? []
  const tail = dotted === undefined ? [] : [...v4Bytes(dotted)]
  const [head = '', rest] = (dotted === undefined ? words : words.replace(/(?<!:):$/, '')).split('::')
  const bytesOf = (text: string): number[] =>
    text
      .split(':')
      .filter(word => word !== '')
      .flatMap(word => [Number.parseInt(word, 16) >> 8, Number.parseInt(word, 16) & 0xff])
  const front = bytesOf(head)
  const back = [...bytesOf(rest ?? ''), ...tail]
  return Uint8Array.from([...front, ...new Array<number>(16 - front.length - back.length).fill(0), ...back])
}
