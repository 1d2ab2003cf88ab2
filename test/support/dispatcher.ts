import { silentLog } from '../../server/src/base/log.ts'
import type { AgentDirectory } from '../../server/src/fleet/agent-directory.ts'
import { AgentManager } from '../../server/src/fleet/agent-manager.ts'
import { ContractDirectory } from '../../server/src/fleet/contract-directory.ts'
import type { Mesh } from '../../server/src/fleet/mesh.ts'
import { Dispatcher } from '../../server/src/rpc/dispatcher.ts'
import { createHandlers } from '../../server/src/rpc/handlers.ts'
import { MethodRunner } from '../../server/src/rpc/run.ts'
import { createTestAccess } from './access.ts'
import { idleTrust } from './idle-trust.ts'

/** What makes answers of requests, for these agents behind a mesh. */
export function createDispatcher(mesh: Mesh, directory: AgentDirectory, contracts = new ContractDirectory()): Dispatcher {
  const manager = new AgentManager({ mesh, directory })
  const handlers = createHandlers({ ...createTestAccess(), manager, contracts, mesh, trust: idleTrust(), epoch: 'now', version: '0' })
  return new Dispatcher(new MethodRunner(handlers, silentLog))
}
