import { openRpcDocuments } from '../openrpc.ts'
import type { Handlers } from '../run.ts'
import { type ContractsOptions, entryOf, shownContracts } from './contracts.ts'

/** The method that describes all that its caller may call: methods of the gateway, and the services whose contracts the caller may see. */
export function discoverMethods({ version, ...options }: ContractsOptions & { readonly version: string }): Pick<Handlers, 'rpc.discover'> {
  const documents = openRpcDocuments(version)
  return {
    'rpc.discover': (_params, { principal }) => ({
      ...documents[principal.role],
      'x-services': shownContracts(options, principal).map(entryOf),
    }),
  }
}
