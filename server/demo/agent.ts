import { parseArgs } from 'node:util'
import { startSampleAgent } from './sample-agent.ts'

/**
 * A demo agent as a process, which the gateway starts with a channel: it tells its address and its thumbprint there, waits for `begin`, and ends
 * with the channel.
 *
 *     node agent.js --mode=listening --state-folder=… --gateway-thumbprint=…
 *     node agent.js --mode=polling   --state-folder=… --gateway-thumbprint=… --gateway-uri=https://127.0.0.1:…/
 */
const { values } = parseArgs({
  options: {
    mode: { type: 'string' },
    'state-folder': { type: 'string' },
    'gateway-thumbprint': { type: 'string' },
    'gateway-uri': { type: 'string', default: '' },
  },
})
const {
  mode = 'listening',
  'state-folder': stateFolder = '.',
  'gateway-thumbprint': gatewayThumbprint = '',
  'gateway-uri': gatewayUri,
} = values
const name = `demo-${mode}`

const agent = await startSampleAgent({
  name,
  stateFolder,
  trust: [gatewayThumbprint],
  reach:
    mode === 'polling'
      ? { mode, gatewayUri, subscription: `poll://${name}/`, connections: 2 }
      : { mode: 'listening', host: '127.0.0.1', port: 0 },
})
const end = (): void => void agent.close().finally(() => process.exit(0))
process.once('disconnect', end)
process.once('SIGTERM', end)
// Ctrl-C reaches the whole group of processes; the parent decides when we end.
process.on('SIGINT', () => undefined)
process.on('SIGHUP', () => undefined)
process.once('message', () => agent.begin())
process.send?.({ type: 'ready', uri: agent.uri, thumbprint: agent.thumbprint, contracts: agent.contracts })
