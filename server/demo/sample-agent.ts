import { join } from 'node:path'
import { HalibutRuntime } from '@halibut-gateway/server'
import { createCalculator } from './calculator-service.ts'
import { calculator, counter, demoContracts, echo, fileStore, trouble } from './contracts.ts'
import { createCounter } from './counter-service.ts'
import { createEcho } from './echo-service.ts'
import { createFileStore } from './file-store-service.ts'
import { loadIdentity } from './identity.ts'
import { createTrouble } from './trouble-service.ts'

/** What an agent with the sample services is made of. */
export interface SampleAgentOptions {
  /** What it calls itself, in greetings and in its certificate. */
  readonly name: string
  /** Where its certificate and its files lie; made where it does not exist. */
  readonly stateFolder: string
  /** Whom it serves. */
  readonly gatewayThumbprint: string
  /** Where it listens, or whom it polls. */
  readonly reach:
    | { readonly mode: 'listening'; readonly host: string; readonly port: number }
    | { readonly mode: 'polling'; readonly gatewayUri: string; readonly subscription: string; readonly connections: number }
}

/** An agent that is there. */
export interface SampleAgent {
  /** `https://host:port/`, or its subscription. */
  readonly uri: string
  readonly thumbprint: string
  readonly contracts: typeof demoContracts
  /** Begins to poll, where it polls: the gateway has to know it by then. */
  begin(): void
  close(): Promise<void>
}

/** Starts an agent that hosts the sample services. */
export async function startSampleAgent({ name, stateFolder, gatewayThumbprint, reach }: SampleAgentOptions): Promise<SampleAgent> {
  const runtime = new HalibutRuntime({ certificate: await loadIdentity(stateFolder, name), trust: [gatewayThumbprint] })
  try {
    runtime.addService(calculator, createCalculator())
    runtime.addService(echo, createEcho(name))
    runtime.addService(fileStore, createFileStore(join(stateFolder, 'files')))
    runtime.addService(counter, createCounter())
    runtime.addService(trouble, createTrouble())
    const about = { thumbprint: runtime.thumbprint, contracts: demoContracts, close: () => runtime.close() }
    if (reach.mode === 'listening') {
      const { port } = await runtime.listen({ host: reach.host, port: reach.port })
      const host = reach.host.includes(':') ? `[${reach.host}]` : reach.host
      return { ...about, uri: `https://${host}:${port}/`, begin: () => undefined }
    }
    const { subscription, gatewayUri, connections } = reach
    const endpoint = { uri: gatewayUri, thumbprint: gatewayThumbprint }
    return { ...about, uri: subscription, begin: () => void runtime.poll({ subscription, endpoint, connections }) }
  } catch (error) {
    await runtime.close()
    throw error
  }
}
