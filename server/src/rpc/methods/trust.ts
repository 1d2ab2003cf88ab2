import type { MethodParams, MethodResult, PendingSnapshot } from '@halibut-gateway/schemas'
import type { Access } from '../../access/access.ts'
import { inTurns } from '../../base/in-turns.ts'
import { gatewayLimits } from '../../base/limits.ts'
import { type AgentDirectory, snapshotOf } from '../../fleet/agent-directory.ts'
import type { KnownClones } from '../../fleet/clone-decisions.ts'
import type { PendingAgent } from '../../fleet/pending.ts'
import type { Approval, Trust } from '../../fleet/trust.ts'
import type { CallContext } from '../call-context.ts'
import { ChangedItems } from '../changed-items.ts'
import { ParamsError } from '../params-error.ts'
import { agentTarget } from '../rule-target.ts'
import type { Handlers } from '../run.ts'
import { SeenThings } from '../seen-things.ts'
import { versionIn } from '../version-in.ts'

type TrustMethods = Extract<keyof Handlers, `trust.${string}`>
type Certificates = MethodResult<'trust.thumbprints'>['certificates']

/** What the methods about trust work with. */
export interface TrustMethodsOptions {
  readonly trust: Trust
  readonly access: Access
  readonly directory: AgentDirectory
  readonly changesMs?: number | undefined
}

/** Whether somebody may see an agent that is, or was, called so; what is about none, everybody may who may ask. */
type Sees = (agent: string | undefined) => boolean

/** The methods about whom the gateway believes. What is about an agent is told to those who may see that. */
export function trustMethods(options: TrustMethodsOptions): Pick<Handlers, TrustMethods> {
  const { trust, access, directory, changesMs = gatewayLimits.agentChangesMs } = options
  const sightOf =
    ({ principal }: Pick<CallContext, 'principal'>): Sees =>
    agent =>
      agent === undefined || access.decide(principal, 'agents.read', { agent: agentTarget(directory, agent) }).allowed
  return {
    'trust.pending': (_params, context) => {
      const sees = sightOf(context)
      return {
        pending: trust.pending
          .list()
          .filter(({ refusal }) => sees(refusal.agent))
          .map(pendingSnapshotOf),
        clones: trust.clones
          .list()
          .filter(({ agent }) => sees(agent))
          .map(toldClones),
      }
    },
    'trust.watch': async (_params, context) => {
      const changed = new ChangedItems(seenPending(trust, access, sightOf(context)), changesMs)
      try {
        return await changed.feed.run(context)
      } finally {
        changed.close()
      }
    },
    'trust.approve': async (params, { principal, change }) => {
      const { pending, thumbprint, version } = params
      const agent = await trust.approve(pending, { thumbprint, version }, approvalOf(params), principal.name, change)
      return { agent: snapshotOf(agent) }
    },
    'trust.deny': async ({ pending, reason }, { principal, change }) => {
      const { id: thumbprint } = await trust.deny(pending, principal.name, reason, change)
      return { thumbprint }
    },
    'trust.later': ({ pending, forMs }) => ({ pending: pendingSnapshotOf(trust.later(pending, forMs)) }),
    'trust.expire': ({ pending }) => {
      trust.expire(pending)
      return {}
    },
    'trust.denied': () => ({
      denied: trust.denied().map(({ id, deniedMs, by, reason, count, lastSeenMs }) => ({
        thumbprint: id,
        denied: timeOf(deniedMs),
        by,
        ...(reason === undefined ? {} : { reason }),
        count,
        ...(lastSeenMs === undefined ? {} : { lastSeen: timeOf(lastSeenMs) }),
      })),
    }),
    'trust.revoke': async ({ thumbprint }, { principal, change }) => ({
      agents: [...(await trust.revoke(thumbprint, principal.name, change))],
    }),
    'trust.restore': async ({ thumbprint }, { principal, change }) => {
      await trust.restore(thumbprint, principal.name, change)
      return {}
    },
    'trust.discover': async ({ uri }, { signal }) => ({ uri, ...(await trust.discover(uri, signal)) }),
    'trust.rotate': async ({ agent, thumbprint, version }, { principal, change }) => ({
      agent: snapshotOf(await trust.rotation.begin(agent, thumbprint, versionIn(version), principal.name, change)),
    }),
    'trust.keep': async ({ agent, thumbprint, version }, { principal, change }) => ({
      agent: snapshotOf(await trust.rotation.keep(agent, thumbprint, versionIn(version), principal.name, change)),
    }),
    'trust.repin': async ({ agent, thumbprint }, { principal, change }) => ({
      agent: snapshotOf(await trust.rotation.repin(agent, thumbprint, principal.name, change)),
    }),
    'trust.hold': async ({ agent, address }, { principal, change }) => {
      await trust.clones.hold(agent, address, principal.name, change)
      return {}
    },
    'trust.release': async ({ agent, address }, { principal, change }) => {
      await trust.clones.release(agent, address, principal.name, change)
      return {}
    },
    'trust.thumbprints': async (_params, context) => ({
      ...trust.own,
      certificates: await inTurns(certificatesOf(trust, sightOf(context))),
    }),
  }
}

function approvalOf({ id, name, services, replace }: MethodParams<'trust.approve'>): Approval {
  if (id !== undefined && replace === undefined) return { as: { id, name, services } }
  if (replace !== undefined && id === undefined && name === undefined && services === undefined) return { replace }
  const expected = 'either id (with name and services), for a new agent, or replace'
  throw new ParamsError(`the parameters of trust.approve do not fit: expected ${expected}`, [
    { path: '', expected, got: replace === undefined ? 'neither' : 'both' },
  ])
}

/** Somebody who is pending, as a browser sees it. */
function pendingSnapshotOf(pending: PendingAgent): PendingSnapshot {
  const { id, version, knock, refusal, firstSeenMs, lastSeenMs, count, addresses, laterUntilMs } = pending
  const { thumbprint, thumbprint256, subject, issuer, role, subscription, protocol } = knock
  const known = { thumbprint, thumbprint256, subject, issuer, role, subscription, agent: refusal.agent, expected: refusal.expected }
  return {
    id,
    version,
    ...(Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)) as Partial<PendingSnapshot>),
    protocol,
    addresses: addresses.map(each => ({ address: each.address, count: each.count, lastSeen: timeOf(each.lastSeenMs) })),
    firstSeen: timeOf(firstSeenMs),
    lastSeen: timeOf(lastSeenMs),
    count,
    cause: refusal.cause,
    reason: refusal.reason,
    advice: refusal.advice,
    ...(laterUntilMs === undefined ? {} : { laterUntil: timeOf(laterUntilMs) }),
  }
}

/** About what the JSON of a snapshot has beside its reason. */
const frameChars = 1_000

function seenPending(trust: Trust, access: Access, sees: Sees): SeenThings<PendingSnapshot> {
  return new SeenThings({
    ids: () => trust.pending.ids(),
    seen: id => {
      const pending = trust.pending.get(id)
      return pending && sees(pending.refusal.agent) ? pendingSnapshotOf(pending) : undefined
    },
    chars: ({ reason }) => frameChars + reason.length,
    item: (type, pending) => ({ type, pending }),
    onChange: listener => trust.pending.onChange(listener),
    onSight: listener => access.onChange(listener),
  })
}

function toldClones({ agent, subscription, thumbprint, addresses, held }: KnownClones) {
  const kept = held.map(({ address, heldMs, by }) => ({ address, since: timeOf(heldMs), by }))
  return { agent, subscription, thumbprint, addresses: [...addresses], held: kept }
}

/** So many take far less than a slice. */
const certificatesAtOnce = 256

function* certificatesOf(trust: Trust, sees: Sees): Generator<undefined, Certificates, undefined> {
  const found: Certificates = []
  let looked = 0
  for (const { thumbprint, known, agents: all } of trust.certificates()) {
    if (++looked % certificatesAtOnce === 0) yield
    const agents = all.filter(sees)
    if (agents.length === 0 && !(all.length === 0 && sees(known?.agent))) continue
    found.push({
      thumbprint,
      ...(known?.thumbprint256 === undefined ? {} : { thumbprint256: known.thumbprint256 }),
      agents,
      ...(known?.expiresMs === undefined ? {} : { expires: timeOf(known.expiresMs) }),
      ...(known === undefined ? {} : { firstSeen: timeOf(known.firstSeenMs), lastSeen: timeOf(known.lastSeenMs) }),
      ...(known?.revokedMs === undefined ? {} : { revoked: timeOf(known.revokedMs) }),
    })
  }
  return found
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}
