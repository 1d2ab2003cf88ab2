import { X509Certificate } from 'node:crypto'
import { access, constants, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { HalibutError } from '../base/errors.ts'
import { ask, type Connection, connect } from './connection.ts'
import {
  type AcceptanceRecord,
  type AgentRecord,
  type AuditRecord,
  type CertificateRecord,
  type IdentityRecord,
  identityRecord,
  type MetaRecord,
  publicUrlRecord,
  type TokenRecord,
} from './records.ts'
import { databaseName, versionOf } from './schema.ts'
import type { AuditHead, AuditRange } from './store.ts'
import { toStoreError } from './store-failure.ts'

/** What is in a backup, or in a state folder. */
export interface StateContent {
  /** The version of its state. */
  readonly version: number
  /** Whom agents know the gateway by that wrote it last: its key may stand in a file of the settings. */
  readonly identity: { readonly thumbprint: string; readonly subject: string; readonly validTo: string } | undefined
  /** The thumbprint of the certificate whose key is in it. */
  readonly keptIdentity: string | undefined
  /** The certificates that were ever its own, as far as they were written down. */
  readonly identities: readonly Pick<IdentityRecord, 'id' | 'state'>[]
  /** Which of them agents have been seen to accept. */
  readonly acceptances: readonly AcceptanceRecord[]
  /** The public address that it was started with last, or none (`''`); `undefined`: that was not written down yet. */
  readonly publicUrl: string | undefined
  /** The agents that it knows. */
  readonly agents: readonly AgentRecord[]
  readonly tokens: number
  /** Tokens, the certificates of agents, and those that were revoked. */
  readonly credentials: readonly Credential[]
  /** The newest entry of its audit log. */
  readonly auditHead: AuditHead | undefined
}

/** What somebody can come with, and whether it is worth nothing any more. */
export interface Credential {
  readonly what: 'token' | 'certificate'
  /** The id of a token, the thumbprint of a certificate. */
  readonly id: string
  /** Of a token. */
  readonly name?: string
  readonly isRevoked: boolean
}

const lookTimeoutMs = 5_000

/** A look into a state that changes nothing: into a backup, or into a state folder, whichever process has it. It sees all of it at one moment. */
export class StateCopy {
  readonly path: string
  readonly #connection: Connection

  private constructor(path: string, connection: Connection) {
    this.path = path
    this.#connection = connection
  }

  /** `path`: a file, or a state folder. Rejects with `invalid_argument` where there is none, or it is none of ours. */
  static async open(path: string): Promise<StateCopy> {
    try {
      const file = (await stat(path)).isDirectory() ? join(path, databaseName) : path
      await access(file, constants.R_OK)
      // Without a log beside it nobody writes to it, and nothing is written beside it for reading.
      const isQuiet = await access(`${file}-wal`).then(
        () => false,
        () => true,
      )
      const connection = connect(isQuiet ? `${pathToFileURL(file).href}?mode=ro&immutable=1` : file, lookTimeoutMs)
      try {
        await connection.exec('BEGIN')
        if ((await versionOf(connection, path)) === 0) throw new HalibutError('invalid_argument', `${path} is not a backup of a gateway`)
        return new StateCopy(path, connection)
      } catch (why) {
        connection.close()
        throw why
      }
    } catch (why) {
      throw unusable(path, why)
    }
  }

  async content(): Promise<StateContent> {
    const agents = (await this.#documents('agents')) as AgentRecord[]
    const tokens = (await this.#documents('tokens')) as TokenRecord[]
    const certificates = (await this.#documents('certificates')) as CertificateRecord[]
    const identities = await this.#identities()
    const kept = await this.meta(identityRecord)
    const pem = identities.find(({ state }) => state === 'present')?.certificatePem ?? kept
    return {
      version: await versionOf(this.#connection, this.path),
      identity: pem === undefined ? undefined : identityOf(pem),
      keptIdentity: kept === undefined ? undefined : thumbprintOf(kept),
      identities: identities.map(({ id, state }) => ({ id, state })),
      acceptances: (await this.#documents('acceptances')) as AcceptanceRecord[],
      publicUrl: await this.meta(publicUrlRecord),
      agents,
      tokens: tokens.length,
      credentials: credentialsOf(agents, tokens, certificates),
      auditHead: await this.auditHead(),
    }
  }

  /** The certificate that its gateway is known by, with its key; `undefined` where the key stands elsewhere. */
  async identityPem(): Promise<string | undefined> {
    const kept = await this.meta(identityRecord)
    const present = (await this.#identities()).find(({ state }) => state === 'present')
    return kept === undefined || (present && present.id !== thumbprintOf(kept)) ? undefined : kept
  }

  /** All certificates that were ever ours, as far as it knows. */
  async certificatePems(): Promise<string[]> {
    const own = await this.meta(identityRecord)
    const known = (await this.#identities()).map(({ certificatePem }) => certificatePem)
    return [...new Set([...(own === undefined ? [] : [new X509Certificate(own).toString()]), ...known])]
  }

  async meta(id: string): Promise<string | undefined> {
    return ((await this.#documents('meta')) as MetaRecord[]).find(each => each.id === id)?.text
  }

  async auditHead(): Promise<AuditHead | undefined> {
    const [head] = await ask(this.#connection, 'SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1')
    return head && { sequence: Number(head['sequence']), hash: String(head['hash']) }
  }

  /** As that of `AuditLog`. */
  async readAudit({ after = 0, limit }: Pick<AuditRange, 'after' | 'limit'>): Promise<readonly AuditRecord[]> {
    const sql = 'SELECT sequence, at_ms AS atMs, text, hash FROM audit WHERE sequence > ? ORDER BY sequence LIMIT ?'
    return (await ask(this.#connection, sql, after, limit)).map(row => ({ ...row }) as unknown as AuditRecord)
  }

  /** Rejects with `internal_error` where the file is damaged. */
  async check(): Promise<void> {
    try {
      const [found] = await ask(this.#connection, 'PRAGMA quick_check(1)')
      if (found?.['quick_check'] === 'ok') return
    } catch (why) {
      throw unusable(this.path, why)
    }
    throw new HalibutError('internal_error', `the backup ${this.path} is damaged`, { advice: 'use another one' })
  }

  close(): void {
    this.#connection.close()
  }

  async #identities(): Promise<IdentityRecord[]> {
    return (await this.#documents('identities')) as IdentityRecord[]
  }

  async #documents(kind: string): Promise<unknown[]> {
    const rows = await ask(this.#connection, 'SELECT document FROM records WHERE kind = ? ORDER BY position', kind)
    return rows.map(row => JSON.parse(String(row['document'])))
  }
}

function credentialsOf(
  agents: readonly AgentRecord[],
  tokens: readonly TokenRecord[],
  certificates: readonly CertificateRecord[],
): readonly Credential[] {
  const revoked = new Set(certificates.flatMap(({ id, revokedMs }) => (revokedMs === undefined ? [] : id)))
  const its = agents.flatMap(({ thumbprint, nextThumbprint = thumbprint }) => [thumbprint, nextThumbprint])
  return [
    ...tokens.map(({ id, name, revokedMs }) => ({ what: 'token', id, name, isRevoked: revokedMs !== undefined }) as const),
    ...[...new Set([...its, ...revoked])].map(id => ({ what: 'certificate', id, isRevoked: revoked.has(id) }) as const),
  ]
}

function identityOf(pem: string): StateContent['identity'] {
  const { subject, validTo } = new X509Certificate(pem)
  return { thumbprint: thumbprintOf(pem), subject, validTo: new Date(validTo).toISOString() }
}

function thumbprintOf(pem: string): string {
  return new X509Certificate(pem).fingerprint.replaceAll(':', '')
}

function unusable(path: string, why: unknown): HalibutError {
  const { code } = why as NodeJS.ErrnoException
  if (code === 'ENOENT') return new HalibutError('invalid_argument', `there is no state in ${path}`, { cause: why })
  if (code === 'EACCES' || code === 'EPERM')
    return new HalibutError('invalid_argument', `${path} cannot be read by this user`, { cause: why })
  if (code === 'SQLITE_NOTADB') return new HalibutError('invalid_argument', `${path} is not a backup of a gateway`, { cause: why })
  return toStoreError(path, why)
}
