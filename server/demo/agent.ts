import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { HalibutRuntime } from '@halibut-gateway/server'
import { createCalculator } from './calculator-service.ts'
import { calculator, counter, demoContracts, echo, fileStore, trouble } from './contracts.ts'
import { createCounter } from './counter-service.ts'
import { createEcho } from './echo-service.ts'
import { createFileStore } from './file-store-service.ts'
import { loadIdentity } from './identity.ts'
import { createTrouble } from './trouble-service.ts'

/**
 * A process that hosts the demo services.
 *
 *     node agent.js --mode=listening --state-folder=… --gateway-thumbprint=…
 *     node agent.js --mode=polling   --state-folder=… --gateway-thumbprint=… --gateway-uri=https://127.0.0.1:…/
 *
 * Where a parent started it with a channel, it tells its address and its thumbprint there, waits for `begin`, and ends with the channel.
 */
const { values } = parseArgs({
  options: {
    mode: { type: 'string', default: 'listening' },
    'state-folder': { type: 'string', default: '.halibut-gateway/demo-agent' },
    'gateway-thumbprint': { type: 'string' },
    'gateway-uri': { type: 'string' },
    port: { type: 'string', default: '0' },
  },
})
const mode = values.mode === 'polling' ? 'polling' : 'listening'
const stateFolder = values['state-folder']
const gatewayThumbprint = required('gateway-thumbprint')
const name = `demo-${mode}`

const runtime = new HalibutRuntime({ certificate: await loadIdentity(stateFolder, `Demo agent, ${mode}`), trust: [gatewayThumbprint] })
runtime.addService(calculator, createCalculator())
runtime.addService(echo, createEcho(name))
runtime.addService(fileStore, createFileStore(join(stateFolder, 'files')))
runtime.addService(counter, createCounter())
runtime.addService(trouble, createTrouble())

endWithParent()
if (mode === 'listening') {
  const { port } = await runtime.listen({ host: '127.0.0.1', port: Number(values.port) })
  tell(`https://127.0.0.1:${port}/`)
} else {
  const subscription = `poll://${name}/`
  const uri = required('gateway-uri')
  const begin = (): void => void runtime.poll({ subscription, endpoint: { uri, thumbprint: gatewayThumbprint }, connections: 2 })
  if (process.send) process.once('message', begin)
  else begin()
  tell(subscription)
}

function tell(uri: string): void {
  if (process.send) process.send({ type: 'ready', uri, thumbprint: runtime.thumbprint, contracts: demoContracts })
  else console.log(`${name} at ${uri} with the thumbprint ${runtime.thumbprint}`)
}

function endWithParent(): void {
  const end = (): void => void runtime.close().finally(() => process.exit(0))
  if (process.send) {
    process.once('disconnect', end)
    // Ctrl-C reaches the whole group of processes; the parent decides when we end.
    process.on('SIGINT', () => undefined)
    process.on('SIGHUP', () => undefined)
  } else process.once('SIGINT', end)
  process.once('SIGTERM', end)
}

function required(flag: 'gateway-thumbprint' | 'gateway-uri'): string {
  const value = values[flag]
  if (value !== undefined) return value
  console.error(`demo agent: --${flag} is missing`)
  process.exit(1)
}
