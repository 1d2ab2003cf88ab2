import type { Handlers } from '../dispatcher.ts'
import { openRpcDocument } from '../openrpc.ts'

/** The method that describes all others. */
export function discoverMethods(version: string): Pick<Handlers, 'rpc.discover'> {
  const document = openRpcDocument(version)
  return { 'rpc.discover': () => document }
}
