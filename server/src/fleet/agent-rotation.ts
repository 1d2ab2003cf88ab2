import { HalibutError } from '../base/errors.ts'
import type { LogSink } from '../base/log.ts'
import { messageOf } from '../base/message-of.ts'
import { checkThumbprint } from '../runtime/endpoint.ts'
import type { Change } from '../store/store.ts'
import { type Agent, type AgentDefinition, certificatesOf } from './agent-directory.ts'
import type { AgentManager } from './agent-manager.ts'

/** What agents get other certificates with. */
export interface AgentRotationOptions {
  readonly agents: Pick<AgentManager, 'directory' | 'edit'>
  readonly log: LogSink
  /** A change within which certificates are taken from an agent: it revokes those that no other agent has. `its`: asked within it. */
  readonly dropping: (its: () => readonly string[], by: string, change: Change | undefined) => Change
  /** A change that the gateway makes by itself. Default: one of which nobody else is told. */
  readonly ownChange?: OwnChange | undefined
}

/** Gives the change within which the gateway does something to an agent by itself. */
export type OwnChange = (action: string, agent: string, facts: Readonly<Record<string, string>>) => Change

/** Certificates of agents take the place of others: with both trusted for a while, or, where one was replaced already, as it was seen. */
export class AgentRotation {
  readonly #options: AgentRotationOptions

  constructor(options: AgentRotationOptions) {
    this.#options = options
  }

  /**
   * Lets an agent come with a further certificate, or be found with it, beside the one that it has. When it was seen, the other one is worth nothing any
   * more. Rejects as the agents’ manager does, and with `invalid_argument` where the agent has that one already.
   */
  async begin(id: string, given: string, version: string | undefined, by: string, change?: Change): Promise<Agent> {
    checkThumbprint(given, 'the next thumbprint')
    const nextThumbprint = given.toUpperCase()
    const { agents, log } = this.#options
    const agent = await agents.edit(
      id,
      before => {
        if (before.thumbprint !== nextThumbprint) return { ...before, nextThumbprint }
        throw new HalibutError('invalid_argument', `the agent ${id} has the certificate ${nextThumbprint} already`)
      },
      version,
      change,
    )
    log('info', `the agent ${id} may have another certificate, too`, { by, thumbprint: agent.definition.thumbprint, next: nextThumbprint })
    return agent
  }

  /** Ends that by hand: of its two certificates an agent keeps this one alone. Rejects as {@link begin}, and where it is none of them. */
  async keep(id: string, given: string, version: string | undefined, by: string, change?: Change): Promise<Agent> {
    checkThumbprint(given, 'the thumbprint')
    const thumbprint = given.toUpperCase()
    const { agents, log } = this.#options
    const agent = await agents.edit(
      id,
      before => {
        if (certificatesOf(before).includes(thumbprint)) return withOnly(before, thumbprint)
        throw new HalibutError(
          'invalid_argument',
          `${thumbprint} is no certificate of the agent ${id}: it has ${certificatesOf(before).join(' and ')}`,
        )
      },
      version,
      change,
    )
    log('info', `the agent ${id} has one certificate`, { by, thumbprint })
    return agent
  }

  /** An agent was seen with a certificate: where it is the next one, the other is worth nothing any more. */
  async seen(id: string, thumbprint: string): Promise<void> {
    const { agents, log, ownChange } = this.#options
    const agent = agents.directory.get(id)
    // One of the settings keeps both until the settings say otherwise.
    if (!agent || agent.readOnly || agent.definition.nextThumbprint !== thumbprint) return
    const dropped = agent.definition.thumbprint
    try {
      const take = (before: AgentDefinition): AgentDefinition => {
        if (before.nextThumbprint === thumbprint) return withOnly(before, thumbprint)
        throw new HalibutError('version_conflict', `${thumbprint} is not the next certificate of the agent ${id} any more`)
      }
      await agents.edit(id, take, undefined, ownChange?.('trust.keep', id, { thumbprint }))
      log('info', `the agent ${id} was seen with its next certificate, and has that one alone from now on`, { thumbprint, dropped })
    } catch (why) {
      // Another connection with it was noticed first, or somebody has decided otherwise.
      if (why instanceof HalibutError && why.kind === 'version_conflict') return
      log('error', `the agent ${id} was seen with its next certificate, and the other one could not be dropped`, {
        thumbprint,
        cause: messageOf(why),
      })
    }
  }

  /**
   * Pins a listening agent to the certificate that answers its dials, where that is the one that a person has seen and compared. The one that it
   * had is revoked. Rejects with `version_conflict` where another one was seen last, or none.
   */
  async repin(id: string, given: string, by: string, change?: Change): Promise<Agent> {
    checkThumbprint(given, 'the thumbprint')
    const thumbprint = given.toUpperCase()
    const { agents, log, dropping } = this.#options
    const { mismatch, definition: before } = agents.directory.require(id)
    const presented = mismatch?.presented.thumbprint
    if (presented !== thumbprint) {
      const seen = presented === undefined ? 'no other certificate than the pinned one was seen there' : `${presented} was seen there last`
      throw new HalibutError('version_conflict', `the agent ${id} cannot be pinned to ${thumbprint}: ${seen}`, {
        advice: 'look at its mismatch again, compare it with what the agent itself tells, then decide',
      })
    }
    let its: readonly string[] = []
    const agent = await agents.edit(
      id,
      known => {
        its = certificatesOf(known)
        return withOnly(known, thumbprint)
      },
      undefined,
      dropping(() => its, by, change),
    )
    log('info', `the agent ${id} is pinned to another certificate`, { by, thumbprint, dropped: before.thumbprint })
    return agent
  }
}

function withOnly({ nextThumbprint: _, ...rest }: AgentDefinition, thumbprint: string): AgentDefinition {
  return { ...rest, thumbprint }
}
