import { hostname } from 'node:os'
import { join } from 'node:path'
import { HalibutRuntime, type SampleAgentModule } from '@halibut-gateway/server'
import { createCalculator } from './calculator-service.ts'
import { calculator, counter, demoContracts, echo, fileStore, trouble } from './contracts.ts'
import { createCounter } from './counter-service.ts'
import { createEcho } from './echo-service.ts'
import { createFileStore } from './file-store-service.ts'
import { loadIdentity } from './identity.ts'
import { createTrouble } from './trouble-service.ts'

/** Starts an agent that hosts the sample services. */
export const startSampleAgent: SampleAgentModule['startSampleAgent'] = async ({ name, stateFolder, trust, reach }) => {
  const runtime = new HalibutRuntime({ certificate: await loadIdentity(stateFolder, name), trust })
  try {
    runtime.addService(calculator, createCalculator())
    runtime.addService(echo, createEcho(name))
    runtime.addService(fileStore, createFileStore(join(stateFolder, 'files')))
    runtime.addService(counter, createCounter())
    runtime.addService(trouble, createTrouble())
    const about = { thumbprint: runtime.thumbprint, contracts: demoContracts, close: () => runtime.close() }
    if (reach.mode === 'listening') {
      const { port } = await runtime.listen({ host: reach.host, port: reach.port })
      // Nobody can dial every address at once: the machine's name is the best guess there is.
      const named = ['0.0.0.0', '::'].includes(reach.host) ? hostname() : reach.host
      const host = named.includes(':') ? `[${named}]` : named
      return { ...about, uri: `https://${host}:${port}/`, begin: () => undefined }
    }
    const { subscription, gatewayUri, connections } = reach
    const [thumbprint, nextThumbprint] = trust
    const endpoint = { uri: gatewayUri, thumbprint, nextThumbprint }
    return { ...about, uri: subscription, begin: () => void runtime.poll({ subscription, endpoint, connections }) }
  } catch (error) {
    await runtime.close()
    throw error
  }
}
