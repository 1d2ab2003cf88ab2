import type { AgentStateName, AttentionCode } from '@halibut-gateway/schemas'
import type { Agent, AgentDirectory } from '../fleet/agent-directory.ts'
import type { CloneDecisions } from '../fleet/clone-decisions.ts'
import type { LastUse } from '../fleet/last-use.ts'
import type { Trust } from '../fleet/trust.ts'
import type { Check, Finding } from './attention.ts'

const codes: { readonly [S in AgentStateName]?: AttentionCode } = { offline: 'agent_offline', untrusted: 'agent_refused' }

/** Agents that are not there, or not trusted. One that is disabled is meant to be away. */
export function agentsCheck(directory: Pick<AgentDirectory, 'ids' | 'get'>): Check {
  return {
    name: 'agents',
    *look() {
      for (const id of directory.ids()) {
        const agent = directory.get(id)
        const code = agent && codes[agent.state.at]
        if (agent && code) yield absent(code, agent)
      }
    },
  }
}

function absent(code: AttentionCode, { definition, state, mode }: Agent): Finding {
  const { id, uri } = definition
  return {
    code,
    subject: id,
    about: { agent: id },
    sinceMs: state.sinceMs,
    version: state,
    tell: () => ({
      text: `${id} (${uri}) is ${state.at}: ${state.reason}`,
      action:
        mode === 'listening'
          ? { text: 'walk to it step by step', command: `halibut-gateway doctor ${uri} --thumbprint ${definition.thumbprint}` }
          : {
              text: 'look at its machine: whether it runs, and whether it polls this gateway',
              command: `halibut-gateway agents get ${id}`,
            },
    }),
  }
}

/** Agents that nobody has called for long. */
export function unusedAgentsCheck(directory: Pick<AgentDirectory, 'ids' | 'get'>, use: Pick<LastUse, 'of'>): Check {
  return {
    name: 'use of agents',
    *look() {
      for (const id of directory.ids()) {
        const usedMs = use.of(id)
        if (usedMs === undefined || directory.get(id)?.state.at === 'disabled') continue
        yield {
          code: 'agent_unused',
          subject: id,
          about: { agent: id },
          sinceMs: usedMs,
          version: usedMs,
          tell: () => ({
            text: `nobody has called ${id} since ${dayOf(usedMs)}`,
            action: { text: 'remove it, or disable it, if it is not needed any more', command: `halibut-gateway agents get ${id}` },
          }),
        }
      }
    },
  }
}

/** Those who knock and wait for a decision that nobody has put off. */
export function pendingCheck(trust: Pick<Trust, 'pending'>): Check {
  return {
    name: 'who is pending',
    *look() {
      for (const { id, version, knock, refusal, firstSeenMs, laterUntilMs } of trust.pending.list()) {
        if (laterUntilMs !== undefined) continue
        const { thumbprint } = knock
        const { agent } = refusal
        const as = agent === undefined ? '--id <name>' : `--replace ${agent}`
        yield {
          code: 'agent_pending',
          subject: id,
          about: { pending: id, ...(agent !== undefined && { agent }), ...(thumbprint !== undefined && { thumbprint }) },
          sinceMs: firstSeenMs,
          version,
          tell: () => ({
            text: refusal.reason,
            action: {
              text: refusal.advice,
              command:
                thumbprint === undefined
                  ? 'halibut-gateway trust pending'
                  : `halibut-gateway trust approve ${id} --expect <the thumbprint that its machine tells> ${as}`,
            },
          }),
        }
      }
    },
  }
}

/** Agents as which several machines poll. Where a person keeps the others out, that is seen to. */
export function clonesCheck(clones: Pick<CloneDecisions, 'list'>): Check {
  return {
    name: 'clones',
    *look() {
      for (const { subscription, thumbprint, addresses, agent } of clones.list()) {
        if (addresses.length < 2) continue
        yield {
          code: 'agent_cloned',
          subject: `${subscription} ${thumbprint}`,
          about: { thumbprint, agent },
          version: addresses.join(),
          tell: () => ({
            text: `${addresses.length} machines poll as ${subscription} with one certificate, ${addresses.join(' and ')}`,
            action: {
              text: 'give one of them a certificate of its own, and approve it when it knocks',
              command: 'halibut-gateway trust pending',
            },
          }),
        }
      }
    },
  }
}

/** A day in UTC, as people write it. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}
