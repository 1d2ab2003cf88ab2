import type { LookupFunction, TcpNetConnectOpts } from 'node:net'

/** A host (name, or address; IPv6 with or without brackets) and a port. */
export interface ConnectTarget {
  readonly host: string
  readonly port: number
}

/**
 * How TCP connections are opened: every address of the host gets its chance, IPv6 and IPv4 in turn (spec §1.2). `lookup`: who resolves names; default:
 * the system.
 */
export function tcpOptions(target: ConnectTarget, connectTimeoutMs: number, lookup?: LookupFunction): TcpNetConnectOpts {
  const share = connectTimeoutMs > 0 ? connectTimeoutMs / 4 : 2_500
  return {
    host: withoutBrackets(target.host),
    port: target.port,
    ...(lookup && { lookup }),
    autoSelectFamily: true,
    // Node’s default of 250 ms gives up addresses that are merely far away.
    autoSelectFamilyAttemptTimeout: Math.round(Math.min(2_500, Math.max(10, share))),
  }
}

/** `[::1]` as Node wants it, `::1`. */
export function withoutBrackets(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
}
