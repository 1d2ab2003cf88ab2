import type { AgentEndpoint, AgentLimits, Grant } from '@halibut-gateway/schemas'
import type { Contract } from '@halibut-gateway/schemas/contract'

/**
 * What is kept of each kind, by its id. A record is plain data that JSON can say; a member that came later is optional, so that what an older
 * version wrote is still a record. Times are UTC milliseconds since 1970.
 */
export interface Records {
  readonly agents: AgentRecord
  readonly contracts: ContractRecord
  readonly denied: DeniedRecord
  readonly certificates: CertificateRecord
  readonly identities: IdentityRecord
  readonly acceptances: AcceptanceRecord
  readonly tokens: TokenRecord
  readonly meta: MetaRecord
}

/** A kind of record. */
export type RecordKind = keyof Records

/** An agent that this gateway serves. */
export interface AgentRecord extends AgentEndpoint {
  readonly id: string
  readonly nextThumbprint?: string | undefined
  readonly name?: string | undefined
  readonly services?: readonly string[] | undefined
  readonly disabled?: boolean | undefined
  readonly tags?: readonly string[] | undefined
  readonly disabledReason?: string | undefined
  readonly limits?: AgentLimits | undefined
}

/** A contract that was added while the gateway ran. */
export interface ContractRecord {
  readonly id: string
  readonly contract: Contract
  /** The id of the one agent that it is for. Default: all. */
  readonly agent?: string | undefined
  readonly addedMs: number
}

/** A certificate that is turned away without being shown as pending again. */
export interface DeniedRecord {
  /** The thumbprint: SHA-1, upper-case hex. */
  readonly id: string
  readonly deniedMs: number
  readonly by: string
  readonly reason?: string | undefined
}

/** A certificate that was seen at an agent. */
export interface CertificateRecord {
  /** The thumbprint: SHA-1, upper-case hex. */
  readonly id: string
  /** SHA-256, upper-case hex, recorded at first sight and checked from then on. */
  readonly thumbprint256?: string | undefined
  /** Until when it is valid, recorded with it. */
  readonly expiresMs?: number | undefined
  readonly agent?: string | undefined
  readonly subject?: string | undefined
  readonly issuer?: string | undefined
  readonly firstSeenMs: number
  readonly lastSeenMs: number
  /** From when on it was worth nothing. */
  readonly revokedMs?: number | undefined
  /** Machines that are not let in with it, as a person has decided where several had it. */
  readonly held?: readonly HeldMachine[] | undefined
}

/** A machine that is not let in with a certificate that another one has too. */
export interface HeldMachine {
  /** Without the port. */
  readonly address: string
  readonly heldMs: number
  readonly by: string
}

/** One of our two ports for polling agents. */
export type PortName = 'first' | 'second'

/**
 * A certificate of our own: one that we present to agents, or one that we did. The certificate itself is kept for good, since what was signed with
 * its key is still to be verified; the key is not.
 *
 * - `present`: the one that this gateway is known by; its key stands under {@link identityRecord}
 * - `next`: presented beside it, to take its place
 * - `previous`: presented still, until no agent depends on it
 * - `retired`: not presented any more
 */
export interface IdentityRecord {
  /** The thumbprint: SHA-1, upper-case hex. */
  readonly id: string
  readonly state: 'present' | 'next' | 'previous' | 'retired'
  readonly certificatePem: string
  /** Of `next` and `previous`. */
  readonly keyPem?: string | undefined
  /** At which port for polling agents it is presented. Default: the first. */
  readonly port?: PortName | undefined
  readonly addedMs: number
  readonly retiredMs?: number | undefined
}

/** Which of our certificates an agent has been seen to accept. */
export interface AcceptanceRecord {
  /** The agent’s id. */
  readonly id: string
  /** The one that was accepted last stands first. */
  readonly accepted: readonly AcceptedCertificate[]
}

/** A certificate of ours that an agent has accepted. */
export interface AcceptedCertificate {
  readonly thumbprint: string
  readonly lastSeenMs: number
  /** Where it polls. */
  readonly port?: PortName | undefined
}

/** What a bearer token is worth; never the token. */
export interface TokenRecord {
  readonly id: string
  readonly name: string
  /** SHA-256 of the secret, hexadecimal. */
  readonly secretHash: string
  readonly role: string
  /** What it may reach at most; absent: what its role and the rules allow. */
  readonly scope?: readonly Grant[] | undefined
  readonly createdMs: number
  readonly createdBy?: string | undefined
  readonly expiresMs?: number | undefined
  readonly lastUsedMs?: number | undefined
  readonly revokedMs?: number | undefined
}

/** Under which id our certificate and key stand among the meta records, as one PEM text. */
export const identityRecord = 'identity'

/** Under which id the epoch of idempotency keys stands among the meta records. */
export const epochRecord = 'epoch'

/** Under which id the public address that we were started with last stands among the meta records; an empty text: none. */
export const publicUrlRecord = 'publicUrl'

/** A text by its name: our certificate with its key ({@link identityRecord}), and what else there is once. */
export interface MetaRecord {
  readonly id: string
  readonly text: string
}

/** One entry of the audit log. The store keeps the text as it is: what the hash is made of are its bytes. */
export interface AuditRecord {
  /** One more than that of the entry before; the first one is 1. */
  readonly sequence: number
  readonly atMs: number
  readonly text: string
  readonly hash: string
}

/** What became of a call, for whoever asks later. */
export interface OutcomeRecord {
  readonly id: string
  readonly atMs: number
  readonly outcome: unknown
}
