import type { FastifyRequest } from 'fastify'

/** What a cookie is set with. */
export interface CookieOptions {
  /** Where browsers see the gateway: its path is the cookie’s, and over HTTPS it is sent over nothing else. */
  readonly base: URL
  /** `Strict`: with no request that another site began; `Lax`: also when another site leads here. */
  readonly sameSite: 'Strict' | 'Lax'
  /** 0: it is taken away. */
  readonly maxAgeMs: number
}

/** A Set-Cookie header. No script reads it. */
export function formatCookie(name: string, value: string, { base, sameSite, maxAgeMs }: CookieOptions): string {
  const secure = base.protocol === 'https:' ? '; Secure' : ''
  return `${name}=${value}; Path=${base.pathname}; Max-Age=${Math.floor(maxAgeMs / 1_000)}; HttpOnly; SameSite=${sameSite}${secure}`
}

/**
 * Another gateway of the same host has cookies of its own: browsers do not tell ports apart. Over HTTPS no other host of the same domain can give
 * a browser one of these, unless the gateway is below a path: of such cookies browsers promise less.
 */
export function cookieName(name: string, { protocol, port, pathname }: URL): string {
  const promise = protocol !== 'https:' ? '' : pathname === '/' ? '__Host-' : '__Secure-'
  return `${promise}halibut-gateway${port === '' ? '' : `-${port}`}-${name}`
}

/** The value of a cookie that a request brings; `undefined` where it brings none of this name. */
export function cookieOf({ headers }: FastifyRequest, name: string): string | undefined {
  for (const pair of headers.cookie?.split(';') ?? []) {
    const at = pair.indexOf('=')
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim()
  }
  return undefined
}
