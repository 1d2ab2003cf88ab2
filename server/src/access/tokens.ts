import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Grant } from '@halibut-gateway/schemas'
import { isRole, type Role } from '@halibut-gateway/schemas/wire'
import { HalibutError } from '../base/errors.ts'
import { gatewayLimits } from '../base/limits.ts'
import type { LogSink } from '../base/log.ts'
import { messageOf } from '../base/message-of.ts'
import { steadyTime } from '../base/steady-time.ts'
import { timerMs } from '../base/timer.ts'
import type { TokenRecord } from '../store/records.ts'
import type { Change, Store } from '../store/store.ts'
import { GrantIndex } from './grant-index.ts'
import type { Principal } from './principal.ts'

/** Where tokens are kept. */
export type TokenStore = Pick<Store, 'tokens' | 'change'>

/** What a token is made with. */
export interface NewToken {
  readonly name: string
  readonly role: Role
  readonly scope?: readonly Grant[] | undefined
  readonly expiresMs?: number | undefined
  readonly createdBy: string
}

/** What the tokens are managed with. */
export interface TokensOptions {
  readonly store: TokenStore
  readonly log: LogSink
  /** UTC milliseconds since 1970. Default: as a clock tells it that nobody sets. */
  readonly now?: () => number
}

/** How a token is: `expired` and `revoked` ones sign nobody in. */
export type TokenState = 'valid' | 'expired' | 'revoked'

/** A token and, as long as it is worth anything, whose sign-in it is. */
interface Entry {
  record: TokenRecord
  readonly secretHash: Buffer
  principal: Principal | undefined
  /** When its last use was kept. */
  keptUseMs: number
}

const secretBytes = 32
const idBytes = 8
const form = /^hgw_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/
/** Those of sign-ins that are no tokens of this table, and of the gateway itself in the audit log. */
const reservedNames: ReadonlySet<string> = new Set(['start', 'local', 'gateway'])
const nobody = Buffer.alloc(32)

/**
 * The bearer tokens that the gateway has made, `hgw_<id>_<secret>`: looked up by their ids, compared in constant time by their digests, over at
 * their expiry or their revocation.
 */
export class Tokens {
  readonly #options: TokensOptions
  readonly #now: () => number
  readonly #entries = new Map<string, Entry>()
  readonly #listeners = new Set<(principal: Principal) => void>()
  #expiry: ReturnType<typeof setTimeout> | undefined

  /** With the tokens of the store. */
  constructor(options: TokensOptions) {
    this.#options = options
    this.#now = options.now ?? steadyTime
    for (const record of options.store.tokens.all()) this.#add(record)
    this.#awaitExpiry()
  }

  /** All that are known, those that are over included. */
  list(): TokenRecord[] {
    return [...this.#entries.values()].map(({ record }) => record)
  }

  /** Those whose tokens are worth something now. */
  principals(): Principal[] {
    return [...this.#entries.values()].flatMap(({ principal }) => principal ?? [])
  }

  /** Throws `not_found`. */
  require(id: string): TokenRecord {
    return this.#require(id).record
  }

  /** How a token is at this moment. */
  stateOf({ expiresMs, revokedMs }: TokenRecord): TokenState {
    if (revokedMs !== undefined) return 'revoked'
    return expiresMs !== undefined && expiresMs <= this.#now() ? 'expired' : 'valid'
  }

  /** Whose token this is; `undefined` where it is none, or is worth nothing any more. */
  authenticate(credential: string): Principal | undefined {
    const [, id = '', secret = ''] = form.exec(credential) ?? []
    const entry = this.#entries.get(id)
    // Whether there is such an id takes as long to learn as whether the secret is the right one.
    const isRight = timingSafeEqual(digest(secret), entry?.secretHash ?? nobody)
    if (!entry || !isRight || !entry.principal || this.stateOf(entry.record) !== 'valid') return undefined
    this.#use(entry)
    return entry.principal
  }

  /**
   * Makes a token and keeps it, within `change` (default: one by itself); those that have been over for long are forgotten in it. The token itself is
   * nowhere but in what this gives. Rejects with `invalid_argument` where that cannot be, with `too_many_calls` where there are too many, and where it
   * cannot be kept; then there is none.
   */
  async create(
    { name, role, scope, expiresMs, createdBy }: NewToken,
    change: Change = act => this.#options.store.change(act),
  ): Promise<{ readonly secret: string; readonly record: TokenRecord }> {
    const nowMs = this.#now()
    if (expiresMs !== undefined && expiresMs <= nowMs) throw invalid('expires', 'is in the past')
    if (role === 'admin' && scope) throw invalid('scope', 'does not go with the role admin, which could give itself any other token')
    this.#checkName(name)
    this.#checkCount()
    const id = randomBytes(idBytes).toString('hex')
    const secret = randomBytes(secretBytes).toString('base64url')
    const record: TokenRecord = {
      id,
      name,
      secretHash: digest(secret).toString('hex'),
      role,
      createdMs: nowMs,
      createdBy,
      ...(scope ? { scope } : {}),
      ...(expiresMs === undefined ? {} : { expiresMs }),
    }
    this.#add(record)
    const old = this.#old(nowMs)
    try {
      await change(
        draft => {
          draft.tokens.put(record)
          for (const each of old) draft.tokens.remove(each)
        },
        { id },
      )
    } catch (why) {
      this.#entries.delete(id)
      throw why
    }
    for (const each of old) this.#entries.delete(each)
    this.#awaitExpiry()
    return { secret: `hgw_${id}_${secret}`, record }
  }

  /**
   * Ends a token and what was opened with it, at once; when this resolves it stays so, kept within `change` (default: one by itself). Rejects with
   * `not_found`, or where it cannot be kept: then it is worth nothing until the next start.
   */
  async revoke(id: string, change: Change = act => this.#options.store.change(act)): Promise<TokenRecord> {
    const entry = this.#require(id)
    // First of all, so that no use of it that is written down comes behind.
    this.#end(entry)
    if (entry.record.revokedMs !== undefined) return entry.record
    const revoked = { ...entry.record, revokedMs: this.#now() }
    await change(draft => draft.tokens.put(revoked))
    entry.record = revoked
    return revoked
  }

  /** Calls `listener` with whose token was revoked or has expired; gives a function that ends this. */
  onEnded(listener: (principal: Principal) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** No expiry is waited for any more. */
  close(): void {
    clearTimeout(this.#expiry)
  }

  #add(record: TokenRecord): void {
    this.#entries.set(record.id, {
      record,
      secretHash: Buffer.from(record.secretHash, 'hex'),
      principal: this.stateOf(record) === 'valid' ? principalOf(record) : undefined,
      keptUseMs: record.lastUsedMs ?? 0,
    })
  }

  #require(id: string): Entry {
    const entry = this.#entries.get(id)
    if (!entry) throw new HalibutError('not_found', `there is no token ${id}`, { advice: 'ask tokens.list' })
    return entry
  }

  /** Rules belong to names, so that two that are in use cannot have one. */
  #checkName(name: string): void {
    const isTaken = reservedNames.has(name) || this.principals().some(principal => principal.name === name)
    if (isTaken) throw invalid('name', `${JSON.stringify(name)} is the name of another sign-in`)
  }

  #checkCount(): void {
    if (this.principals().length < gatewayLimits.tokens) return
    throw new HalibutError('too_many_calls', `there are ${gatewayLimits.tokens} tokens`, {
      retryable: false,
      advice: 'revoke those that nobody needs',
    })
  }

  /** Notes a use; it is written down once in a while only, and a failure to do so keeps nobody out. */
  #use(entry: Entry): void {
    const nowMs = this.#now()
    entry.record = { ...entry.record, lastUsedMs: nowMs }
    if (nowMs - entry.keptUseMs < gatewayLimits.tokenUseMs) return
    entry.keptUseMs = nowMs
    const { store, log } = this.#options
    const { id, name } = entry.record
    store
      .change(({ tokens }) => {
        const kept = tokens.get(id)
        if (kept) tokens.put({ ...kept, lastUsedMs: nowMs })
      })
      .catch((why: unknown) => log('warn', `the use of the token ${name} could not be kept`, { cause: messageOf(why) }))
  }

  #end(entry: Entry): void {
    const { principal } = entry
    entry.principal = undefined
    if (principal) for (const listener of this.#listeners) listener(principal)
  }

  /** One timer, for the one that expires next. */
  #awaitExpiry(): void {
    clearTimeout(this.#expiry)
    let nextMs = Number.POSITIVE_INFINITY
    for (const { record, principal } of this.#entries.values()) if (principal) nextMs = Math.min(nextMs, record.expiresMs ?? nextMs)
    if (nextMs === Number.POSITIVE_INFINITY) return
    this.#expiry = setTimeout(
      () => {
        for (const entry of this.#entries.values()) if (entry.principal && this.stateOf(entry.record) !== 'valid') this.#end(entry)
        this.#awaitExpiry()
      },
      timerMs(nextMs - this.#now()),
    )
    this.#expiry.unref()
  }

  /** What has been over for long is not told any more; the audit log knows of it. */
  #old(nowMs: number): string[] {
    const beforeMs = nowMs - gatewayLimits.endedTokenMs
    return this.list().flatMap(({ id, expiresMs, revokedMs }) => ((revokedMs ?? expiresMs ?? beforeMs) < beforeMs ? id : []))
  }
}

/** What a record that this version does not understand is worth: nothing. */
function principalOf({ id: token, name, role, scope }: TokenRecord): Principal | undefined {
  if (!isRole(role)) return undefined
  const id = `token ${token}`
  return scope ? { id, name, role, scope: new GrantIndex(scope) } : { id, name, role }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function invalid(what: string, reason: string): HalibutError {
  return new HalibutError('invalid_argument', `${what} ${reason}`)
}
