import type { InspectEvent } from '@halibut-gateway/schemas'
import type { Mesh } from '../../fleet/mesh.ts'
import { severityOf } from '../../runtime/event-log.ts'
import { RecentItems } from '../recent-items.ts'
import type { Handlers } from '../run.ts'

/** The methods that show what happens on the connections to agents. */
export function inspectMethods(mesh: Mesh): Pick<Handlers, 'inspect.watch'> {
  return {
    'inspect.watch': async (_params, context) => {
      const recent = new RecentItems<InspectEvent>()
      const stops = listen(mesh, event => recent.push(event))
      try {
        return await recent.feed.run(context)
      } finally {
        for (const stop of stops) stop()
      }
    },
  }
}

function listen(mesh: Mesh, tell: (event: InspectEvent) => void): (() => void)[] {
  const now = (): string => new Date().toISOString()
  const connections = (['connectionOpened', 'connectionClosed'] as const).map(type =>
    mesh.on(type, ({ direction, remoteAddress, thumbprint, protocol }) =>
      tell({ type, at: now(), direction, remoteAddress, protocol, ...(thumbprint === undefined ? {} : { thumbprint }) }),
    ),
  )
  const subscribers = (['subscriberConnected', 'subscriberDisconnected'] as const).map(type =>
    mesh.on(type, ({ subscription, thumbprint, remoteAddress }) => tell({ type, at: now(), subscription, thumbprint, remoteAddress })),
  )
  return [
    ...connections,
    ...subscribers,
    mesh.on('clientDenied', ({ remoteAddress, thumbprint }) =>
      tell({ type: 'clientDenied', at: now(), remoteAddress, ...(thumbprint === undefined ? {} : { thumbprint }) }),
    ),
    mesh.on('log', ({ endpoint, type, message }) => tell({ type: 'log', at: now(), endpoint, level: severityOf(type), message })),
  ]
}
