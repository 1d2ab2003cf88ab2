import { X509Certificate } from 'node:crypto'
import { HalibutError } from '../base/errors.ts'
import type { LogSink } from '../base/log.ts'
import { OneAtATime } from '../base/one-at-a-time.ts'
import { steadyTime } from '../base/steady-time.ts'
import { type Certificate, certificateFromPem } from '../runtime/certificates.ts'
import type { SubscriberEvent } from '../runtime/events.ts'
import type { RuntimeListener } from '../runtime/ports.ts'
import type { AcceptanceRecord, AcceptedCertificate, IdentityRecord, PortName } from '../store/records.ts'
import type { Change, Repository } from '../store/store.ts'
import { Acceptances, acceptedNow, type Known, type LostAgent, lostAgents } from './acceptances.ts'
import type { AgentManager } from './agent-manager.ts'
import type { Mesh } from './mesh.ts'
import { versionOf } from './version-of.ts'

/** Where our certificates are kept. */
export interface KeptIdentities {
  get(id: string): IdentityRecord | undefined
  all(): readonly IdentityRecord[]
  /**
   * Puts these in the place of those of the same ids, and the certificate that we are known by in the place of the one before: all of it, or nothing, within
   * `change` (default: one by itself). `thumbprint`: which of them it is about.
   */
  put(changed: readonly IdentityRecord[], present: Certificate, thumbprint: string, change?: Change): Promise<void>
}

/** What our certificates are managed with. */
export interface GatewayCertificatesOptions {
  readonly mesh: Pick<Mesh, 'present' | 'subscribers' | 'on'>
  readonly agents: Pick<AgentManager, 'directory' | 'onAnswer'>
  readonly identities: KeptIdentities
  readonly acceptances: Repository<AcceptanceRecord>
  /** The one that we are known by. */
  readonly present: Certificate
  readonly log: LogSink
  readonly now?: () => number
}

/** Opens one of our ports for polling agents, at which a certificate is presented. */
export type OpenPort = (name: PortName, certificate: Certificate) => Promise<RuntimeListener>

/** A certificate of ours, as people see it. Times are UTC milliseconds since 1970. */
export interface OwnIdentity {
  readonly thumbprint: string
  readonly thumbprint256: string
  readonly subject: string
  readonly notAfter: Date
  readonly state: IdentityRecord['state']
  /** Ports for polling agents at which it is presented. */
  readonly ports: readonly number[]
  readonly addedMs: number
  readonly retiredMs: number | undefined
}

interface Living {
  readonly record: IdentityRecord
  readonly certificate: Certificate
}

/**
 * The certificates that agents know us by: mostly one. Another one takes its place with a time in which both are presented, for as long as that takes:
 *
 * ```text
 *   add ──▶ next ──promote──▶ present ──promote another──▶ previous ──retire──▶ retired
 *            └────────────── retire (given up) ──────────────────────────────────▲
 * ```
 *
 * Listening agents are shown the newer one first, and the other where they refuse that. A polling agent pins one, so that each of the two has a port of
 * its own: the newer one gets the port at which no agent polls. It is kept which agent accepts which, and none is retired on which an agent depends,
 * unless a person has seen which ones are lost. Every step is kept before it is done, so that a restart goes on with it.
 */
export class GatewayCertificates {
  readonly #options: GatewayCertificatesOptions
  readonly #now: () => number
  readonly #acceptances: Acceptances
  #present: Living
  /** The next one, or the previous one. */
  #other: Living | undefined
  #openPort: OpenPort | undefined
  readonly #listeners: Partial<Record<PortName, RuntimeListener>> = {}
  readonly #stops: (() => void)[] = []
  readonly #changes = new OneAtATime()

  constructor(options: GatewayCertificatesOptions) {
    const { identities, present, acceptances, log } = options
    this.#options = options
    this.#now = options.now ?? steadyTime
    this.#acceptances = new Acceptances(acceptances, log, this.#now)
    const { thumbprint: id, certificatePem } = present
    const kept = identities.get(id)
    this.#present = { certificate: present, record: { addedMs: this.#now(), ...kept, id, certificatePem, state: 'present' } }
    const other = identities.all().find(record => record.id !== id && record.keyPem !== undefined)
    if (other?.keyPem !== undefined) {
      const { certificatePem: pem, keyPem } = other
      this.#other = {
        record: other,
        certificate: certificateFromPem({ certificatePem: pem, keyPem, where: `the certificate ${other.id}` }),
      }
    }
    options.mesh.present(this.presented)
  }

  /** The one that we are known by: what a new agent has to trust, and whose key signs. */
  get present(): Certificate {
    return this.#present.certificate
  }

  /** The one that is to take its place. */
  get next(): Certificate | undefined {
    return this.#other?.record.state === 'next' ? this.#other.certificate : undefined
  }

  /** All that are presented, the newest first, as agents are to be shown them. */
  get presented(): readonly Certificate[] {
    const { present, next } = this
    return next ? [next, present] : this.#living.map(({ certificate }) => certificate)
  }

  /** The port at which polling agents find a certificate that is presented. */
  portOf({ thumbprint }: Certificate): number | undefined {
    return this.#listeners[this.#certificateAt('first').thumbprint === thumbprint ? 'first' : 'second']?.port
  }

  /** The certificate that a polling agent accepted last, else the one that we are known by, and the port at which it is presented, once there is one. */
  pollingPlace(agent: string): { readonly thumbprint: string; readonly port?: number } {
    const accepted = acceptedNow(this.acceptance()(agent))
    const certificate = this.presented.find(({ thumbprint }) => accepted.includes(thumbprint)) ?? this.present
    const port = this.portOf(certificate)
    return { thumbprint: certificate.thumbprint, ...(port !== undefined && { port }) }
  }

  /** Another one after each change. */
  get version(): string {
    return versionOf(this.#living.map(({ record: { id, state, port } }) => [id, state, port]))
  }

  /** Opens the ports for polling agents: the second one only where a certificate needs it. Rejects with `listen_failed`. */
  async listen(open: OpenPort): Promise<void> {
    this.#openPort = open
    this.#listeners.first = await open('first', this.#certificateAt('first'))
    if (this.#needsSecond) this.#listeners.second = await open('second', this.#certificateAt('second'))
  }

  /** Begins to notice what agents accept. */
  start(): void {
    const { mesh, agents } = this.#options
    const { directory } = agents
    this.#stops.push(
      mesh.on('subscriberConnected', event => this.#onSubscriber(event)),
      agents.onAnswer((id, { own }) => {
        if (own !== undefined) this.#onAnswer(id, own)
      }),
      directory.onChange(id => {
        if (!directory.get(id)) this.#acceptances.forget(id)
      }),
    )
  }

  /** Ends that. */
  close(): void {
    for (const stop of this.#stops.splice(0)) stop()
  }

  /** All that we present, and all that we ever did. */
  list(): OwnIdentity[] {
    const living = this.#living.map(({ record }) => record)
    const retired = this.#options.identities.all().filter(({ id }) => living.every(each => each.id !== id))
    return [...living, ...retired].map(({ id: thumbprint, certificatePem, state, addedMs, retiredMs }) => {
      const { subject, validTo, fingerprint256 } = new X509Certificate(certificatePem)
      const isLiving = living.some(each => each.id === thumbprint)
      return {
        thumbprint,
        thumbprint256: fingerprint256.replaceAll(':', ''),
        subject: subject.split('\n').reverse().join(', '),
        notAfter: new Date(validTo),
        state: isLiving ? state : 'retired',
        ports: isLiving ? this.#portsOf(thumbprint) : [],
        addedMs,
        retiredMs,
      }
    })
  }

  /** What is known of each agent; made once for a look at all of them. */
  acceptance(): (agent: string) => Known {
    const connected = this.#connectedNow()
    return id => {
      const accepted: readonly AcceptedCertificate[] = this.#acceptances.of(id)
      return { accepted, connected: connected.get(id) }
    }
  }

  /** The agents that would be lost without a certificate of ours. */
  dependents(thumbprint: string): Generator<LostAgent, void, undefined> {
    const stays = new Set(this.#living.map(({ record }) => record.id).filter(id => id !== thumbprint))
    return lostAgents(this.#options.agents.directory.ids(), this.acceptance(), stays)
  }

  /**
   * Presents another certificate beside the one that we are known by, to take its place. Rejects with `version_conflict`, with `invalid_argument` where
   * there are two already or agents poll at both ports, with `listen_failed`, or where it cannot be kept; then nothing has changed.
   */
  add(certificate: Certificate, version: string | undefined, by: string, change?: Change): Promise<void> {
    return this.#inTurn(version, async () => {
      const { identities, log } = this.#options
      const { thumbprint: id, certificatePem, keyPem } = certificate
      if (this.#other) {
        const { id: other, state } = this.#other.record
        throw new HalibutError('invalid_argument', `${other} is presented already beside ${this.present.thumbprint}, as the ${state} one`, {
          advice: 'retire one of them first: no more than two are presented at a time',
        })
      }
      if (id === this.#present.record.id) throw new HalibutError('invalid_argument', `${id} is the certificate that is presented already`)
      const port = this.#freePort()
      const record: IdentityRecord = { id, certificatePem, keyPem, port, state: 'next', addedMs: this.#now() }
      const presentPort: PortName = port === 'first' ? 'second' : 'first'
      const present = { ...this.#present, record: { ...this.#present.record, port: presentPort } }
      const undo = await this.#presentAt(port, certificate)
      try {
        await identities.put([present.record, record], present.certificate, id, change)
      } catch (why) {
        await undo()
        throw why
      }
      this.#present = present
      this.#other = { record, certificate }
      this.#options.mesh.present(this.presented)
      log('info', 'another certificate is presented, which is to take the place of the present one', {
        by,
        thumbprint: id,
        port: this.portOf(certificate),
        present: this.present.thumbprint,
      })
    })
  }

  /** Makes the next certificate the one that we are known by; the one before is presented still, until it is retired. Rejects as {@link add}. */
  promote(thumbprint: string, version: string | undefined, by: string, change?: Change): Promise<void> {
    return this.#inTurn(version, async () => {
      const [before, next] = [this.#present, this.#other]
      if (next?.record.id !== thumbprint.toUpperCase()) throw this.#unknown(thumbprint, 'is presented beside the present one')
      const { keyPem: _, ...record } = next.record
      const present: Living = { certificate: next.certificate, record: { ...record, state: 'present' } }
      const { keyPem } = before.certificate
      const previous: Living = { certificate: before.certificate, record: { ...before.record, keyPem, state: 'previous' } }
      await this.#options.identities.put([previous.record, present.record], present.certificate, present.record.id, change)
      this.#present = present
      this.#other = previous
      this.#options.mesh.present(this.presented)
      this.#options.log('info', 'this gateway is known by another certificate', {
        by,
        thumbprint: present.record.id,
        previous: previous.record.id,
      })
    })
  }

  /**
   * Presents a certificate no more: the previous one, or the next one where that is given up. Rejects as {@link add}, and with `version_conflict` where
   * agents depend on it that are not among the `expected` ones, whom a person has seen and gives up. Gives those that are lost.
   */
  retire(
    thumbprint: string,
    version: string | undefined,
    expected: readonly string[],
    by: string,
    change?: Change,
  ): Promise<readonly LostAgent[]> {
    return this.#inTurn(version, async () => {
      const { mesh, identities, log } = this.#options
      const retired = this.#other
      if (retired?.record.id !== thumbprint.toUpperCase()) {
        if (thumbprint.toUpperCase() === this.#present.record.id) {
          throw new HalibutError('invalid_argument', `${thumbprint.toUpperCase()} is the certificate that this gateway is known by`, {
            advice: 'make another one and promote that first',
          })
        }
        throw this.#unknown(thumbprint, 'is presented beside the present one')
      }
      const { id } = retired.record
      const lost = [...this.dependents(id)]
      const seen = new Set(expected)
      const unseen = lost.filter(({ agent }) => !seen.has(agent))
      if (unseen.length > 0) throw stillNeeded(id, unseen)
      const { keyPem: _, ...record } = retired.record
      const changed: IdentityRecord = { ...record, state: 'retired', retiredMs: this.#now() }
      await identities.put([this.#present.record, changed], this.present, id, change)
      this.#other = undefined
      const { first, second } = this.#listeners
      first?.present(this.present)
      if (this.#needsSecond) second?.present(this.present)
      else {
        await second?.close()
        delete this.#listeners.second
      }
      mesh.present(this.presented)
      log('info', 'a certificate of this gateway is presented no more', { by, thumbprint: id, lost: lost.length })
      return lost
    })
  }

  #inTurn<T>(version: string | undefined, change: () => Promise<T>): Promise<T> {
    return this.#changes.run(async () => {
      if (version === undefined || version === this.version) return change()
      throw new HalibutError('version_conflict', `the certificates of this gateway are in version ${this.version}, not in ${version}`)
    })
  }

  get #living(): readonly Living[] {
    return this.#other ? [this.#present, this.#other] : [this.#present]
  }

  get #needsSecond(): boolean {
    return this.#living.some(({ record }) => record.port === 'second')
  }

  #certificateAt(port: PortName): Certificate {
    return this.#other && (this.#other.record.port ?? 'first') === port ? this.#other.certificate : this.present
  }

  #portsOf(thumbprint: string): number[] {
    return (['first', 'second'] as const).flatMap(name => {
      const listener = this.#listeners[name]
      return listener && this.#certificateAt(name).thumbprint === thumbprint ? [listener.port] : []
    })
  }

  /** Presents a certificate at a port; gives what takes that back. */
  async #presentAt(port: PortName, certificate: Certificate): Promise<() => Promise<void>> {
    const before = this.#certificateAt(port)
    const listener = this.#listeners[port]
    if (listener) {
      listener.present(certificate)
      return async () => listener.present(before)
    }
    const opened = await this.#openPort?.(port, certificate)
    if (opened) this.#listeners[port] = opened
    return async () => {
      await opened?.close()
      delete this.#listeners[port]
    }
  }

  /** The port at which no agent polls. */
  #freePort(): PortName {
    if (!this.#listeners.second) return 'second'
    const at = this.#agentsByPort()
    if (at.second.length === 0) return 'second'
    if (at.first.length === 0) return 'first'
    const [fewer, other] = at.first.length < at.second.length ? (['first', 'second'] as const) : (['second', 'first'] as const)
    const { port } = this.#listeners[other] ?? {}
    throw new HalibutError(
      'invalid_argument',
      `polling agents were seen at both ports, so that none is free for another certificate: ${named(at[fewer])} at the ${fewer} one`,
      { advice: `let these poll at port ${port} as the others do, with the thumbprint ${this.present.thumbprint}, then try again` },
    )
  }

  #agentsByPort(): Record<PortName, string[]> {
    const at: Record<PortName, string[]> = { first: [], second: [] }
    const { directory } = this.#options.agents
    const connected = new Map(
      this.#options.mesh.subscribers().map(({ subscription, port }) => [this.#agentOf(subscription), this.#nameOf(port)]),
    )
    for (const id of directory.ids()) {
      if (directory.get(id)?.mode !== 'polling') continue
      const port = connected.get(id) ?? this.#acceptances.of(id)[0]?.port
      if (port !== undefined) at[port].push(id)
    }
    return at
  }

  /** What is accepted on the connections of each polling agent, by its id. */
  #connectedNow(): Map<string, Set<string>> {
    const connected = new Map<string, Set<string>>()
    for (const { subscription, own } of this.#options.mesh.subscribers()) {
      const id = this.#agentOf(subscription)
      if (id === undefined || own === undefined) continue
      const its = connected.get(id)
      if (its) its.add(own)
      else connected.set(id, new Set([own]))
    }
    return connected
  }

  #agentOf(subscription: string): string | undefined {
    return this.#options.agents.directory.bySubscription(subscription)?.definition.id
  }

  #nameOf(port: number | undefined): PortName {
    return port !== undefined && port === this.#listeners.second?.port ? 'second' : 'first'
  }

  #onSubscriber({ subscription, own, port }: SubscriberEvent): void {
    const id = this.#agentOf(subscription)
    if (id !== undefined && own !== undefined) this.#acceptances.note(id, own, { port: this.#nameOf(port) })
  }

  /** What is newer than what it accepts was shown to it first. */
  #onAnswer(id: string, own: string): void {
    const order = this.presented.map(({ thumbprint }) => thumbprint)
    this.#acceptances.note(id, own, { refused: order.slice(0, Math.max(0, order.indexOf(own))) })
  }

  #unknown(thumbprint: string, what: string): HalibutError {
    const { id } = this.#other?.record ?? {}
    return new HalibutError(
      'not_found',
      `${thumbprint.toUpperCase()} is no certificate that ${what}: ${id ?? 'there is none'}${id === undefined ? '' : ' is'}`,
      {
        advice: 'ask certificates.list',
      },
    )
  }
}

const namedAtMost = 20

function stillNeeded(thumbprint: string, unseen: readonly LostAgent[]): HalibutError {
  const never = unseen.filter(({ accepts }) => accepts.length === 0).map(({ agent }) => agent)
  const seen = unseen.filter(({ accepts }) => accepts.length > 0).map(({ agent }) => agent)
  const parts = [
    ...(seen.length > 0 ? [`${named(seen)} accepted no other one when last seen`] : []),
    ...(never.length > 0 ? [`${named(never)} never came, so that nobody knows what they accept`] : []),
  ]
  return new HalibutError('version_conflict', `agents depend on the certificate ${thumbprint}: ${parts.join('; ')}`, {
    advice: 'let them trust another one that is presented; whoever gives them up says which they are',
  })
}

function named(ids: readonly string[]): string {
  const shown = ids.slice(0, namedAtMost).join(', ')
  return ids.length > namedAtMost ? `${shown} and ${ids.length - namedAtMost} more` : shown
}
