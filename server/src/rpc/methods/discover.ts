import { openRpcDocument } from '../openrpc.ts'
import type { Handlers } from '../run.ts'

/** The method that describes all others. */
export function discoverMethods(version: string): Pick<Handlers, 'rpc.discover'> {
  const document = openRpcDocument(version)
  return { 'rpc.discover': () => document }
}
