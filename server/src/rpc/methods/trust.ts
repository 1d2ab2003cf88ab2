import type { MethodParams, MethodResult, PendingSnapshot } from '@halibut-gateway/schemas'
import { inTurns } from '../../base/in-turns.ts'
import { gatewayLimits } from '../../base/limits.ts'
import { snapshotOf } from '../../fleet/agent-directory.ts'
import type { PendingAgent } from '../../fleet/pending.ts'
import type { Approval, Trust } from '../../fleet/trust.ts'
import { ChangedItems } from '../changed-items.ts'
import { ParamsError } from '../params-error.ts'
import type { Handlers } from '../run.ts'

type TrustMethods = Extract<keyof Handlers, `trust.${string}`>
type Certificates = MethodResult<'trust.thumbprints'>['certificates']

/** The methods about whom the gateway believes. */
export function trustMethods(trust: Trust, changesMs: number = gatewayLimits.agentChangesMs): Pick<Handlers, TrustMethods> {
  return {
    'trust.pending': () => ({ pending: trust.pending.list().map(pendingSnapshotOf), clones: trust.clones().map(toldClones) }),
    'trust.watch': async (_params, context) => {
      const changed = pendingChanges(trust, changesMs)
      try {
        return await changed.feed.run(context)
      } finally {
        changed.close()
      }
    },
    'trust.approve': async (params, { principal }) => {
      const { pending, thumbprint, version } = params
      return { agent: snapshotOf(await trust.approve(pending, { thumbprint, version }, approvalOf(params), principal.name)) }
    },
    'trust.deny': async ({ pending, reason }, { principal }) => {
      const { id: thumbprint } = await trust.deny(pending, principal.name, reason)
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
    'trust.revoke': async ({ thumbprint }, { principal }) => ({ agents: [...(await trust.revoke(thumbprint, principal.name))] }),
    'trust.restore': async ({ thumbprint }, { principal }) => {
      await trust.restore(thumbprint, principal.name)
      return {}
    },
    'trust.discover': async ({ uri }, { signal }) => ({ uri, ...(await trust.discover(uri, signal)) }),
    'trust.rotate': async ({ agent, thumbprint, version }, { principal }) => ({
      agent: snapshotOf(await trust.rotation.begin(agent, thumbprint, versionOf(version), principal.name)),
    }),
    'trust.keep': async ({ agent, thumbprint, version }, { principal }) => ({
      agent: snapshotOf(await trust.rotation.keep(agent, thumbprint, versionOf(version), principal.name)),
    }),
    'trust.repin': async ({ agent, thumbprint }, { principal }) => ({
      agent: snapshotOf(await trust.rotation.repin(agent, thumbprint, principal.name)),
    }),
    'trust.hold': async ({ agent, address }, { principal }) => {
      await trust.hold(agent, address, principal.name)
      return {}
    },
    'trust.release': async ({ agent, address }, { principal }) => {
      await trust.release(agent, address, principal.name)
      return {}
    },
    'trust.thumbprints': async () => ({ ...trust.own, certificates: await inTurns(certificatesOf(trust)) }),
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

function pendingChanges(trust: Trust, changesMs: number): ChangedItems<PendingSnapshot> {
  return new ChangedItems(
    {
      ids: () => trust.pending.ids(),
      get: id => {
        const pending = trust.pending.get(id)
        return pending && pendingSnapshotOf(pending)
      },
      chars: ({ reason }) => frameChars + reason.length,
      item: (type, pending) => ({ type, pending }),
      onChange: listener => trust.pending.onChange(listener),
    },
    changesMs,
  )
}

function toldClones({ agent, subscription, thumbprint, addresses, held }: ReturnType<Trust['clones']>[number]) {
  const kept = held.map(({ address, heldMs, by }) => ({ address, since: timeOf(heldMs), by }))
  return { agent, subscription, thumbprint, addresses: [...addresses], held: kept }
}

/** So many take far less than a slice. */
const certificatesAtOnce = 256

function* certificatesOf(trust: Trust): Generator<undefined, Certificates, undefined> {
  const found: Certificates = []
  for (const { thumbprint, known, agents } of trust.certificates()) {
    found.push({
      thumbprint,
      ...(known?.thumbprint256 === undefined ? {} : { thumbprint256: known.thumbprint256 }),
      agents: [...agents],
      ...(known === undefined ? {} : { firstSeen: timeOf(known.firstSeenMs), lastSeen: timeOf(known.lastSeenMs) }),
      ...(known?.revokedMs === undefined ? {} : { revoked: timeOf(known.revokedMs) }),
    })
    if (found.length % certificatesAtOnce === 0) yield
  }
  return found
}

function versionOf(version: string): string | undefined {
  return version === '*' ? undefined : version
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}
