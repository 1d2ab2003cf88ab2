import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { MethodParams } from '@halibut-gateway/schemas'
import { type CloseReason, closeCodes, facadeLimits } from '@halibut-gateway/schemas/wire'
import { isSame, type Principal } from '../access/principal.ts'
import { HalibutError } from '../base/errors.ts'
import { gatewayLimits } from '../base/limits.ts'
import { MemoryBudget } from '../base/memory-budget.ts'
import { timerMs } from '../base/timer.ts'
import type { CallRates } from './call-rates.ts'
import { drainingError } from './draining-error.ts'
import { ReplayMemory } from './replay-memory.ts'
import { Session, type SessionOptions, type StreamBytes } from './session.ts'
import { SlowReaders } from './slow-readers.ts'

type Resume = NonNullable<MethodParams<'hello'>['resume']>

interface Entry {
  readonly session: Session
  /** SHA-256 of the token that its browser was given last, and before it of those that may not have been replaced at its end yet. */
  tokens: Buffer[]
  /** Runs while no socket is attached. */
  timer: ReturnType<typeof setTimeout> | undefined
}

/** Tokens of one session that may be in use, where one answer to hello after the other was lost. */
const maxTokens = 4

/** After these the browser does not come back, or must not. */
const finalReasons: ReadonlySet<CloseReason> = new Set([
  'normal',
  'going_away',
  'protocol_error',
  'invalid_text',
  'policy_violation',
  'too_big',
  'binary_refused',
  'credit_exceeded',
  'session_taken',
  'signed_out',
  'outbox_full',
])

/** What all sessions have in common. */
export interface SessionTableOptions extends Pick<SessionOptions, 'dispatcher' | 'createSpool'> {
  /** How much each may ask for. Default: anything. */
  readonly rates?: CallRates | undefined
}

/** The sessions of a gateway: those with a socket, and those that wait for theirs to come back. */
export class SessionTable {
  readonly #options: SessionTableOptions
  readonly #entries = new Map<string, Entry>()
  /** In the order in which they lost their sockets. */
  readonly #waiting = new Set<Entry>()
  /** How many of each principal. */
  readonly #waitingOf = new Map<string, number>()
  #draining = false
  /** Called when the last one has ended. */
  #onEmpty: (() => void) | undefined
  readonly #replayMemory = new ReplayMemory(gatewayLimits.allReplayBytes, () => this.#makeRoom())

  /** Content of data streams that went to browsers and came from them, in bytes; what is sent once more after a resume counts again. */
  readonly streamBytes: StreamBytes = { sent: 0, received: 0 }
  readonly #readers = new SlowReaders()
  readonly #streamMemory = new MemoryBudget(gatewayLimits.streamBytesInFlight, 'streamBytesInFlight')

  constructor(options: SessionTableOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#entries.size
  }

  /** How many wait for their browsers to come back. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** Bytes of text that browsers have not acknowledged, of all sessions. */
  get replayBytes(): number {
    return this.#replayMemory.used
  }

  /** Bytes of text that wait in the sockets of all sessions. */
  get waitingBytes(): number {
    return this.#readers.bytes
  }

  /** Whether those that are there go on, and no other is opened. */
  get draining(): boolean {
    return this.#draining
  }

  /** Opens a session. Throws `draining` while it is. */
  open(principal: Principal, origin: string | undefined): Session {
    if (this.#draining) throw drainingError('opens no session any more')
    const { rates, ...shared } = this.#options
    const session = new Session({
      ...shared,
      allowance: rates?.ofPrincipal(principal.name),
      streamMemory: this.#streamMemory,
      streamBytes: this.streamBytes,
      replayMemory: this.#replayMemory,
      readers: this.#readers,
      onStalled: stalled => this.lost(stalled, closeCodes.heartbeat_timeout.code),
      principal,
      origin,
      onEnded: ended => this.#forget(ended.id),
    })
    this.#entries.set(session.id, { session, tokens: [], timer: undefined })
    return session
  }

  /** The session that a browser wants to go on with, taken from the socket it has; text says why it cannot be. */
  resume(wanted: Resume, principal: Principal, origin: string | undefined): Session | string {
    const entry = this.#entries.get(wanted.session)
    const { session } = entry ?? {}
    const isTheirs =
      session && isSame(session.principal, principal) && session.principal.role === principal.role && session.origin === origin
    // One text for all of these: who asks learns nothing about other people’s sessions.
    if (!entry || !session || !isTheirs || !hasToken(entry, wanted.token)) {
      return 'the session has ended, or this is not its last token'
    }
    if (!session.canResume(wanted.received)) {
      session.end('session_taken')
      return 'text that was not received is not kept any more'
    }
    session.leaveSocket(wanted.received, principal)
    this.#wait(entry)
    return session
  }

  /** A fresh token for whoever goes on with the session next. */
  newToken(session: Session): string {
    const token = randomBytes(32).toString('base64url')
    const entry = this.#entries.get(session.id)
    if (entry) entry.tokens = [...entry.tokens.slice(-maxTokens + 1), digest(token)]
    return token
  }

  /** The browser has its newest token, and those before are worth nothing any more. Until then a lost answer to hello does no harm. */
  confirmToken(session: Session): void {
    const entry = this.#entries.get(session.id)
    if (entry) entry.tokens = entry.tokens.slice(-1)
  }

  /** The session has a socket again. */
  attached(session: Session): void {
    const entry = this.#entries.get(session.id)
    if (entry) this.#stopWaiting(entry)
  }

  /** The session’s socket was closed with this code. */
  lost(session: Session, code: number): void {
    const entry = this.#entries.get(session.id)
    if (!entry) return
    if ([...finalReasons].some(reason => closeCodes[reason].code === code)) session.end()
    else if (session.detach()) this.#wait(entry)
  }

  /**
   * Ends each when what it has accepted has come to its end, idle ones at once, all with `going_away`. What is not done after `drainMs` is given
   * up, and its browser told so before the socket closes. Resolves when none is left.
   */
  async drain(drainMs: number): Promise<void> {
    this.#draining = true
    for (const { session } of [...this.#entries.values()]) session.drain()
    if (this.#entries.size === 0) return
    const emptied = new Promise<void>(resolve => {
      this.#onEmpty = resolve
    })
    let timer = setTimeout(() => {
      const why = new HalibutError('closed', 'the gateway is stopping, and this was not done in time')
      for (const { session } of [...this.#entries.values()]) session.giveUp(why)
      timer = setTimeout(() => this.close('going_away'), gatewayLimits.closeGraceMs)
    }, timerMs(drainMs))
    await emptied
    clearTimeout(timer)
  }

  /** Ends those of a sign-in that is over. */
  signedOut(principal: Principal, why: HalibutError): void {
    for (const { session } of [...this.#entries.values()]) if (session.principal === principal) session.end('signed_out', why)
  }

  /** Ends all of them. */
  close(reason: CloseReason): void {
    for (const { session } of [...this.#entries.values()]) session.end(reason)
  }

  /** Sessions whose browsers are away make way for those whose browsers are there. */
  #makeRoom(): void {
    for (const { session } of this.#waiting) {
      if (!this.#replayMemory.isFull) return
      session.end()
    }
  }

  #wait(entry: Entry): void {
    this.#stopWaiting(entry)
    this.#waiting.add(entry)
    const { name } = entry.session.principal
    const theirs = (this.#waitingOf.get(name) ?? 0) + 1
    this.#waitingOf.set(name, theirs)
    entry.timer = setTimeout(() => entry.session.end(), facadeLimits.resumeMs)
    entry.timer.unref()
    if (theirs > gatewayLimits.waitingSessionsPerPrincipal) this.#oldestWaiting(name)?.session.end()
    if (this.#waiting.size > gatewayLimits.waitingSessions) this.#oldestWaiting()?.session.end()
  }

  /** The one that has waited longest, of one principal or of all. */
  #oldestWaiting(principal?: string): Entry | undefined {
    for (const entry of this.#waiting) if (principal === undefined || entry.session.principal.name === principal) return entry
    return undefined
  }

  #stopWaiting(entry: Entry): void {
    clearTimeout(entry.timer)
    entry.timer = undefined
    if (!this.#waiting.delete(entry)) return
    const { name } = entry.session.principal
    const left = (this.#waitingOf.get(name) ?? 1) - 1
    if (left > 0) this.#waitingOf.set(name, left)
    else this.#waitingOf.delete(name)
  }

  #forget(id: string): void {
    const entry = this.#entries.get(id)
    if (!entry) return
    this.#stopWaiting(entry)
    this.#entries.delete(id)
    if (this.#entries.size === 0) this.#onEmpty?.()
  }
}

/** In constant time for each of the few that there are. */
function hasToken({ tokens }: Entry, token: string): boolean {
  const wanted = digest(token)
  return tokens.map(each => timingSafeEqual(each, wanted)).includes(true)
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
