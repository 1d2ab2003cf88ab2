import type { Access } from '../access/access.ts'
import type { Principal } from '../access/principal.ts'
import type { Tokens } from '../access/tokens.ts'
import { Attention } from '../attention/attention.ts'
import { silentLog } from '../base/log.ts'
import { AgentDoctor, type AgentDoctorOptions } from '../doctor/agent-doctor.ts'
import type { AgentManager } from '../fleet/agent-manager.ts'
import type { ContractDirectory } from '../fleet/contract-directory.ts'
import { FleetChanges } from '../fleet/fleet-changes.ts'
import type { GatewayCertificates } from '../fleet/gateway-certificates.ts'
import type { Mesh } from '../fleet/mesh.ts'
import type { Trust } from '../fleet/trust.ts'
import { AgentUse } from './agent-use.ts'
import { CallRegistry } from './call-registry.ts'
import { KeptCalls } from './kept-calls.ts'
import { agentDetailsMethods } from './methods/agent-details.ts'
import { agentInvokeMethods } from './methods/agent-invoke.ts'
import { agentsMethods } from './methods/agents.ts'
import { attentionMethods } from './methods/attention.ts'
import { type AuditReader, auditMethods } from './methods/audit.ts'
import { type BackupMaker, backupsMethods } from './methods/backups.ts'
import { callsMethods } from './methods/calls.ts'
import { certificatesMethods } from './methods/certificates.ts'
import { changesMethods } from './methods/changes.ts'
import { contractsMethods } from './methods/contracts.ts'
import { discoverMethods } from './methods/discover.ts'
import { doctorMethods } from './methods/doctor.ts'
import { helloMethods } from './methods/hello.ts'
import { inspectMethods } from './methods/inspect.ts'
import { type HistoryReader, metricsMethods, noHistory } from './methods/metrics.ts'
import { rulesMethods } from './methods/rules.ts'
import { tokensMethods } from './methods/tokens.ts'
import { trustMethods } from './methods/trust.ts'
import { useMethods } from './methods/use.ts'
import type { Handlers } from './run.ts'

/** What the handlers work with. */
export interface HandlerOptions {
  readonly access: Access
  readonly tokens: Tokens
  /** Those who can sign in now. Default: nobody. */
  readonly principals?: (() => readonly Principal[]) | undefined
  readonly manager: AgentManager
  readonly contracts: ContractDirectory
  readonly mesh: Mesh
  readonly trust: Trust
  /** Our own. */
  readonly certificates: GatewayCertificates
  /** What idempotency keys belong to. */
  readonly epoch: string
  /** What becomes of calls with such keys. Default: its own, known to this process alone. */
  readonly kept?: KeptCalls
  readonly version: string
  /** Where the doctor may dial. Default: anywhere. */
  readonly destinations?: AgentDoctorOptions['destinations']
  /** Where polling agents connect. Default: nowhere. */
  readonly agents?: (() => { readonly host: string; readonly port: number }) | undefined
  /** The calls to agents. Default: its own. */
  readonly registry?: CallRegistry
  /** What needs a person. Default: nothing does. */
  readonly attention?: Attention | undefined
  /** What was counted of all calls and agents. Default: nothing. */
  readonly history?: HistoryReader
  /** What happens to agents. Default: what happens from now on. */
  readonly changes?: FleetChanges | undefined
  /** How agents are used. Default: nobody counts. */
  readonly use?: AgentUse
  /** What was written down. Default: nothing. */
  readonly audit?: AuditReader | undefined
  /** Default: there is nothing to make one of. */
  readonly makeBackup?: BackupMaker | undefined
  /** Default: that of `gatewayLimits`. */
  readonly agentChangesMs?: number
}

/** The handler of each method. */
export function createHandlers(options: HandlerOptions): Handlers {
  const { access, manager, mesh, trust, certificates, contracts, destinations, version, registry = new CallRegistry() } = options
  const { agents: reached } = options
  const { directory } = manager
  const kept = options.kept ?? new KeptCalls({ epoch: options.epoch })
  return {
    ...helloMethods(options),
    ...agentsMethods(options),
    ...agentDetailsMethods({ directory, access, mesh, recent: registry.recent }),
    ...agentInvokeMethods({ access, directory, contracts, mesh, registry, kept }),
    ...doctorMethods(
      new AgentDoctor({
        ...{ mesh, directory, trust, destinations },
        certificate: () => certificates.present,
        port: reached && (agent => ({ ...reached(), ...certificates.pollingPlace(agent) })),
      }),
    ),
    ...callsMethods({ registry, kept, directory, mesh }),
    ...attentionMethods({ attention: options.attention ?? nothing(), access, directory, changesMs: options.agentChangesMs }),
    ...metricsMethods({ access, history: options.history ?? noHistory }),
    ...changesMethods({ access, directory, changes: options.changes ?? new FleetChanges(directory), changesMs: options.agentChangesMs }),
    ...useMethods({ access, directory, use: options.use ?? new AgentUse(registry, directory) }),
    ...inspectMethods(mesh),
    ...trustMethods({ trust, access, directory, changesMs: options.agentChangesMs }),
    ...certificatesMethods({ certificates, directory, access }),
    ...contractsMethods({ access, contracts, directory }),
    ...rulesMethods({ access, directory, contracts, principals: options.principals ?? (() => []) }),
    ...tokensMethods(options.tokens),
    ...auditMethods({ audit: options.audit, changesMs: options.agentChangesMs }),
    ...backupsMethods(options.makeBackup),
    ...discoverMethods({ access, contracts, directory, version }),
  }
}

function nothing(): Attention {
  return new Attention({ checks: [], log: silentLog })
}
