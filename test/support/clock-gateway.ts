import { silentLog } from '../../server/src/base/log.ts'
import { startGateway } from '../../server/src/cli/start.ts'
import { loadSettings } from '../../server/src/settings/load.ts'

/** What the process is told: first where its settings are, then by how much its clock goes back. */
export type ClockMessage = { readonly config: string } | { readonly backMs: number }

/** A gateway in a process of its own, whose clock can be set back while it runs. Tells its address; ends when its parent does. */
process.on('message', (message: ClockMessage) => {
  if ('backMs' in message) {
    setBack(message.backMs)
    process.send?.({ now: Date.now() })
    return
  }
  const settings = loadSettings({ flags: ['--config', message.config], environment: {} })
  void startGateway(settings, silentLog).then(gateway => {
    process.once('disconnect', () => void gateway.close().then(() => process.exit(0)))
    process.send?.({ address: gateway.address })
  })
})

function setBack(ms: number): void {
  const Original = globalThis.Date
  const now = Original.now.bind(Original)
  globalThis.Date = new Proxy(Original, {
    construct: (target, args: [], newTarget) => Reflect.construct(target, args.length > 0 ? args : [now() - ms], newTarget) as Date,
    get: (target, name, receiver) => (name === 'now' ? () => now() - ms : Reflect.get(target, name, receiver)),
  })
}
