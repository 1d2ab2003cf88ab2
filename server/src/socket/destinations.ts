import { type LookupAddress, lookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { HalibutError } from '../base/errors.ts'
import { addressBytes, isWithin, mapped, v4Within } from './address.ts'
import { withoutBrackets } from './tcp-options.ts'

/** Where connections may go: a network of addresses, or names of hosts, each with ports. */
type Rule = { readonly ports: readonly [from: number, to: number] } & (
  | { readonly of: 'network'; readonly prefix: Uint8Array; readonly bits: number }
  | { readonly of: 'names'; readonly pattern: RegExp }
)

/**
 * Where this process may open connections to. What is looked at is the address that a connection really goes to, after its name was resolved, and
 * that one is dialled: a name that means another address a moment later changes nothing. Never allowed are link-local addresses, which are those
 * of the machine’s own cable and of its provider’s secrets, however they are written, and what else providers have for that.
 */
export class Destinations {
  readonly #rules: readonly Rule[]

  /**
   * `allowed`: networks (`10.0.0.0/8`, `2001:db8::/32`), addresses, and names with wildcards (`*.agents.example`), each with a port or a range of them where it is
   * not for all (`10.0.0.0/8:10933`, `[2001:db8::/32]:10933-10940`). None: everything that is not forbidden. Throws `invalid_argument`.
   */
  constructor(allowed: readonly string[] = []) {
    this.#rules = allowed.map(parseRule)
  }

  /**
   * What can be known before a name is resolved: throws for an address that is not allowed, for a name that never is, and, where a proxy resolves it,
   * for one that no rule names.
   */
  checkHost(host: string, port: number, resolver: 'us' | 'a proxy'): void {
    const name = withoutBrackets(host)
    if (isIP(name.split('%')[0] ?? '') !== 0) {
      this.#check(name, name, port)
      return
    }
    const written = name.toLowerCase().replace(/\.$/, '')
    if (metadataNames.has(written)) throw forbidden(`${name} is where a provider of machines tells secrets`)
    if (resolver === 'a proxy' && this.#rules.length > 0 && !this.#allowsName(written, port)) throw notAllowed(`${name}:${port}`)
  }

  /** As `dns.lookup`: gives those addresses of a name that are allowed, and fails where none is. */
  lookupFor(port: number): LookupFunction {
    return (host, options, done) => {
      lookup(host, { ...options, all: true }, (why, found) => {
        if (why) {
          done(why, [])
          return
        }
        try {
          const allowed = this.#allowedOf(host, found, port)
          const [first] = allowed
          if (options.all) done(null, allowed)
          else done(null, first?.address ?? '', first?.family)
        } catch (refused) {
          done(refused as Error, [])
        }
      })
    }
  }

  /** Throws where no address is left. */
  #allowedOf(host: string, found: readonly LookupAddress[], port: number): LookupAddress[] {
    let refused: unknown
    const allowed = found.filter(({ address }) => {
      try {
        this.#check(host, address, port)
        return true
      } catch (why) {
        refused ??= why
        return false
      }
    })
    if (allowed.length === 0 && refused !== undefined) throw refused
    return allowed
  }

  #check(host: string, address: string, port: number): void {
    const bytes = addressBytes(address)
    if (!bytes) throw forbidden(`${host} is at ${address}, which is no address`)
    const place = host === address ? address : `${host} is at ${address}, which`
    const never = [bytes, ...v4Within(bytes).map(mapped)].flatMap(each => whyNever(each) ?? [])[0]
    if (never !== undefined) throw forbidden(`${place} is ${never}`)
    if (this.#rules.length === 0 || this.#allowsName(host.toLowerCase().replace(/\.$/, ''), port)) return
    if (this.#rules.some(rule => rule.of === 'network' && isWithin(bytes, rule.prefix, rule.bits) && isBetween(port, rule))) return
    throw notAllowed(host === address ? `${address}:${port}` : `${host}:${port}, which is at ${address}`)
  }

  #allowsName(name: string, port: number): boolean {
    return this.#rules.some(rule => rule.of === 'names' && rule.pattern.test(name) && isBetween(port, rule))
  }
}

function isBetween(port: number, { ports: [from, to] }: Rule): boolean {
  return from <= port && port <= to
}

/** Networks that are never dialled, and what they are. */
const never: readonly (readonly [prefix: Uint8Array, bits: number, what: string])[] = (
  [
    ['169.254.0.0', 112, 'a link-local address'],
    ['fe80::', 10, 'a link-local address'],
    ['100.100.100.200', 128, metadata()],
    ['168.63.129.16', 128, metadata()],
    ['192.0.0.192', 128, metadata()],
    ['fd00:ec2::', 32, metadata()],
    ['fd20:ce::254', 128, metadata()],
    ['fd00:42::42', 128, metadata()],
  ] as const
).map(([text, bits, what]) => [addressBytes(text) ?? new Uint8Array(16), bits, what])

function metadata(): string {
  return 'where a provider of machines tells secrets'
}

const metadataNames = new Set([
  'metadata',
  'metadata.google.internal',
  'metadata.goog',
  'metadata.azure.internal',
  'instance-data',
  'instance-data.ec2.internal',
])

function whyNever(bytes: Uint8Array): string | undefined {
  return never.find(([prefix, bits]) => isWithin(bytes, prefix, bits))?.[2]
}

function parseRule(text: string): Rule {
  const wrong = (reason: string): HalibutError => new HalibutError('invalid_argument', `${JSON.stringify(text)}: ${reason}`)
  const parts = /^\[(?<inner>[^\]]*)\](?<suffix>\/\d+)?(?::(?<ports>.*))?$/.exec(text)?.groups ?? plainParts(text)
  const { inner = '', suffix = '', ports } = parts
  const place = `${inner}${suffix}`
  const range = portsOf(ports)
  if (!range) throw wrong(`'${ports}' is no port from 1 to 65535, and no range of them such as 10933-10940`)
  const [address = '', length, ...more] = place.split('/')
  const bytes = addressBytes(address)
  if (bytes && !address.includes('%') && more.length === 0) {
    const isV4 = isIP(address) === 4
    const most = isV4 ? 32 : 128
    const bits = length === undefined ? most : /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN
    if (!(bits <= most)) throw wrong(`'/${length}' is no number of bits from 0 to ${most}`)
    return { of: 'network', ports: range, prefix: bytes, bits: isV4 ? bits + 96 : bits }
  }
  if (!/^(\*|[\p{L}\p{N}_*-]+)(\.[\p{L}\p{N}_*-]+)*\.?$/u.test(place) || place.length > 255)
    throw wrong('it is no network (10.0.0.0/8), no address, and no name of a host (*.agents.example)')
  // A name of digits and dots alone would be an address that somebody has mistyped.
  if (/^[\d.]+$/.test(place)) throw wrong('it is no IPv4 address')
  const escaped = place.toLowerCase().replace(/\.$/, '').replaceAll('.', '\\.').replaceAll('*', '[^.]*')
  const pattern = place.startsWith('*.') ? escaped.replace('[^.]*', '[^.]+(\\.[^.]+)*') : place === '*' ? '.*' : escaped
  return { of: 'names', ports: range, pattern: new RegExp(`^${pattern}$`, 'u') }
}

/** Without brackets only one colon can be that of the ports. */
function plainParts(text: string): { readonly inner: string; readonly suffix?: string; readonly ports?: string | undefined } {
  const colons = text.split(':').length - 1
  if (colons !== 1) return { inner: text }
  const [inner = '', ports] = text.split(':')
  return { inner, ports }
}

function portsOf(text: string | undefined): Rule['ports'] | undefined {
  if (text === undefined) return [1, 65_535]
  const [, first = '', last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? []
  const [from, to] = [Number(first), Number(last)]
  return first !== '' && from >= 1 && to <= 65_535 && from <= to ? [from, to] : undefined
}

const advice = 'use an address that agents can have: nothing is dialled there, whatever the settings say'

function forbidden(reason: string): HalibutError {
  return new HalibutError('invalid_argument', `${reason}, and nothing is ever dialled there`, { phase: 'connect', advice })
}

function notAllowed(where: string): HalibutError {
  return new HalibutError('invalid_argument', `the setting destinations does not allow connections to ${where}`, {
    phase: 'connect',
    advice: 'add its network or its name to the setting destinations, and start the gateway again',
  })
}
