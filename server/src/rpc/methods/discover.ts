import { openRpcDocuments } from '../openrpc.ts'
import type { Handlers } from '../run.ts'

/** The method that describes all that its caller may call. */
export function discoverMethods(version: string): Pick<Handlers, 'rpc.discover'> {
  const documents = openRpcDocuments(version)
  return { 'rpc.discover': (_params, { principal }) => documents[principal.role] }
}
