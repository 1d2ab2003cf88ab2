import type { AgentDirectory } from '../fleet/agent-directory.ts'
import type { ContractDirectory } from '../fleet/contract-directory.ts'
import type { Mesh } from '../fleet/mesh.ts'
import type { Handlers } from './dispatcher.ts'
import { agentInvokeMethods } from './methods/agent-invoke.ts'
import { agentsMethods } from './methods/agents.ts'
import { contractsMethods } from './methods/contracts.ts'
import { discoverMethods } from './methods/discover.ts'
import { helloMethods } from './methods/hello.ts'

/** What the handlers work with. */
export interface HandlerOptions {
  readonly directory: AgentDirectory
  readonly contracts: ContractDirectory
  readonly mesh: Mesh
  /** Changes with each start of the gateway. */
  readonly epoch: string
  readonly version: string
}

/** The handler of each method. */
export function createHandlers(options: HandlerOptions): Handlers {
  const { directory, contracts, mesh, version } = options
  return {
    ...helloMethods(options),
    ...agentsMethods(directory),
    ...agentInvokeMethods(directory, contracts, mesh),
    ...contractsMethods(contracts),
    ...discoverMethods(version),
  }
}
