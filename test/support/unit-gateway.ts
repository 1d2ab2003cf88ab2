import type { FastifyInstance } from 'fastify'
import { silentLog } from '../../server/src/base/log.ts'
import { AgentManager } from '../../server/src/fleet/agent-manager.ts'
import { ContractDirectory } from '../../server/src/fleet/contract-directory.ts'
import { buildGateway, type GatewayOptions } from '../../server/src/gateway/app.ts'
import { OriginPolicy } from '../../server/src/gateway/origin-policy.ts'
import { startTokenSignIn } from '../../server/src/gateway/sign-in.ts'
import { createTestAccess } from './access.ts'
import { unusedMesh } from './idle-mesh.ts'
import { idleTrust } from './idle-trust.ts'

/** A gateway for requests that are put in without a port, at `gateway.example`, with the token `hgw_start_test`; it has no agents. */
export function buildUnitGateway(options: Partial<GatewayOptions> = {}): Promise<FastifyInstance> {
  return buildGateway({
    mesh: unusedMesh,
    trust: idleTrust(),
    manager: new AgentManager({ mesh: unusedMesh }),
    contracts: new ContractDirectory(),
    signIn: startTokenSignIn('hgw_start_test'),
    ...createTestAccess(),
    policy: new OriginPolicy({ hosts: ['gateway.example'] }),
    log: silentLog,
    version: '0.0.0',
    ...options,
  })
}
