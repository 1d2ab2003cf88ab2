import { collectDefaultMetrics, Registry } from 'prom-client'

let registry: Registry | undefined

/** The event loop, the memory and the processor time of this process. One set for all gateways in it; measured from the first time that somebody asks. */
export function processMetrics(): Registry {
  if (!registry) {
    registry = new Registry()
    collectDefaultMetrics({ register: registry })
  }
  return registry
}
