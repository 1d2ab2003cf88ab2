import type { VersionAnswer } from '@halibut-gateway/schemas'
import { type ReadonlySignal, signal } from '@preact/signals'
import type { Session } from './session.ts'
import { whileSignedIn } from './while-signed-in.ts'

/** What whoever sets up an agent has to know of this gateway. */
export interface AgentSide {
  readonly thumbprint: string
  /** The host that polling agents connect to, as this page can tell best. */
  readonly host: string
  readonly port: number
  /** Only agents of the gateway’s own machine reach it there. */
  readonly isLoopback: boolean
}

/** What this gateway is; `undefined` until it is known. */
export function createAbout(session: Session, pageHost: string): ReadonlySignal<AgentSide | undefined> {
  const about = signal<AgentSide | undefined>(undefined)
  whileSignedIn(session, async (client, stop) => {
    const { agents } = (await session.fetchJson('version', stop)) as VersionAnswer
    if (!agents || session.client.peek() !== client) return
    const { thumbprint, host, port } = agents
    about.value = { thumbprint, port, host: isAnyAddress(host) ? pageHost : host, isLoopback: isLoopback(host) }
    // It stays so for as long as there is a gateway: asked again after the connection was lost.
    await new Promise<void>(resolve => {
      const stopListening = client.onState(state => {
        if (state.at !== 'connected') done()
      })
      const done = (): void => {
        stopListening()
        resolve()
      }
      stop.addEventListener('abort', done)
    })
  })
  return about
}

function isAnyAddress(host: string): boolean {
  return host === '0.0.0.0' || host === '::' || host === '[::]'
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host.startsWith('127.') || host === '::1' || host === '[::1]'
}
