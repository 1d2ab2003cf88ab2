import { createHash } from 'node:crypto'
import { service } from '@halibut-gateway/schemas/contract'
import { Access } from '../../server/src/access/access.ts'
import { Tokens } from '../../server/src/access/tokens.ts'
import { Audit } from '../../server/src/audit/audit.ts'
import { silentLog } from '../../server/src/base/log.ts'
import { identitiesOf } from '../../server/src/cli/identity.ts'
import { AgentManager } from '../../server/src/fleet/agent-manager.ts'
import { ContractDirectory } from '../../server/src/fleet/contract-directory.ts'
import { GatewayCertificates } from '../../server/src/fleet/gateway-certificates.ts'
import type { Mesh } from '../../server/src/fleet/mesh.ts'
import { Trust } from '../../server/src/fleet/trust.ts'
import { createHandlers } from '../../server/src/rpc/handlers.ts'
import { MethodRunner } from '../../server/src/rpc/run.ts'
import { EventHub } from '../../server/src/runtime/events.ts'
import type { Store } from '../../server/src/store/store.ts'
import { testIdentity } from './certificates.ts'
import { idleMesh } from './idle-mesh.ts'
import { knockOf } from './knocks.ts'
import { createRequestContext } from './request-context.ts'

/** A certificate that nobody has but whom it is named for. */
export function thumbprintOf(name: string): string {
  return createHash('sha1').update(name).digest('hex').toUpperCase()
}

/** The methods of a gateway on a store, with its audit log, and without a port: what an admin asks for, changes what is kept. */
export function openChanges(store: Store) {
  const events = new EventHub()
  const mesh: Mesh = { ...idleMesh, on: (type, listener) => events.on(type, listener) }
  const audit = new Audit(store, () => testIdentity('gateway'))
  const manager = new AgentManager({ mesh, store })
  const contracts = new ContractDirectory({ store })
  contracts.start()
  const own = testIdentity('gateway')
  const trust = new Trust({ mesh, agents: manager, records: store, own, log: silentLog })
  trust.start()
  const handlers = createHandlers({
    access: new Access(store),
    tokens: new Tokens({ store, log: silentLog }),
    certificates: new GatewayCertificates({
      ...{ mesh, agents: manager, present: own, log: silentLog },
      ...{ identities: identitiesOf(store), acceptances: store.acceptances },
    }),
    ...{ manager, contracts, mesh, trust, epoch: 'now', version: '0' },
  })
  const runner = new MethodRunner(handlers, silentLog, undefined, audit)
  const boss = { ...createRequestContext(), principal: { name: 'boss', role: 'admin' } } as const
  const ask = async (method: string, params: object): Promise<{ readonly [name: string]: unknown }> => {
    const ran = await runner.run(method, params, boss)
    if ('error' in ran) throw new Error(`${method}: ${ran.error.message}`)
    return ran.result as { readonly [name: string]: unknown }
  }
  return {
    ask,
    /** Somebody knocks with a certificate; gives what a decision about it takes. */
    knock(name: string, subscription = `poll://${name}/`) {
      const thumbprint = thumbprintOf(name)
      events.emit('clientDenied', knockOf('A', { thumbprint, thumbprint256: thumbprint.padEnd(64, '0'), subscription }))
      const pending = trust.pending.list().find(({ knock }) => knock.thumbprint === thumbprint)
      return { pending: pending?.id ?? '', thumbprint, version: pending?.version ?? '' }
    },
    /** A listening agent presents another certificate. */
    presents(agent: string, name: string): string {
      const thumbprint = thumbprintOf(name)
      const presented = { thumbprint, thumbprint256: thumbprint.padEnd(64, '0'), subject: 'CN=x', issuer: 'CN=x' }
      manager.directory.report(agent, { type: 'refused', why: 'another one' }, { probe: {}, presented })
      return thumbprint
    },
  }
}

/** Each kind of change that people make, with what it is told by: the key of its entry. Each is made once of each name. */
export async function* changeAll(changes: ReturnType<typeof openChanges>, name: string): AsyncGenerator<string, void, void> {
  const { ask, knock, presents } = changes
  const [polling, listening, approved] = [`p-${name}`, `l-${name}`, `k-${name}`]
  await ask('agents.add', { agent: polling, uri: `poll://${polling}/`, thumbprint: thumbprintOf(polling) })
  yield `agents.add ${polling}`
  await ask('agents.update', { agent: polling, tags: ['updated'], version: '*' })
  yield `agents.update ${polling}`
  await ask('contracts.add', { contract: service('IOne', {}), agent: polling })
  yield `contracts.add ${polling}`
  await ask('contracts.remove', { service: 'IOne', agent: polling, version: '*' })
  yield `contracts.remove ${polling}`
  await ask('trust.approve', { ...knock(`r-${name}`, `poll://${polling}/`), replace: polling })
  yield `trust.approve ${polling}`
  const token = (await ask('tokens.create', { name: `t-${name}`, role: 'viewer' })) as { readonly id: string }
  yield `tokens.create ${token.id}`
  await ask('agents.add', { agent: listening, uri: 'https://10.0.0.1:1/', thumbprint: thumbprintOf(listening) })
  yield `agents.add ${listening}`
  await ask('trust.repin', { agent: listening, thumbprint: presents(listening, `s-${name}`) })
  yield `trust.repin ${listening}`
  await ask('trust.approve', { ...knock(approved), id: approved })
  yield `trust.approve ${approved}`
  await ask('trust.revoke', { thumbprint: thumbprintOf(approved) })
  yield `trust.revoke ${thumbprintOf(approved)}`
  await ask('trust.deny', { pending: knock(`d-${name}`).pending })
  yield `trust.deny ${thumbprintOf(`d-${name}`)}`
  await ask('rules.set', { version: '*', document: { rules: [{ name, who: ['*'], agents: ['*'] }] } })
  yield 'rules.set'
  await ask('tokens.revoke', { id: token.id })
  yield `tokens.revoke ${token.id}`
  await ask('trust.restore', { thumbprint: thumbprintOf(approved) })
  yield `trust.restore ${thumbprintOf(approved)}`
  await ask('agents.remove', { agent: listening, version: '*' })
  yield `agents.remove ${listening}`
}
