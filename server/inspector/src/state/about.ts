import type { VersionAnswer } from '@halibut-gateway/schemas'
import { effect, type ReadonlySignal, signal } from '@preact/signals'
import type { Session } from './session.ts'

/** What whoever sets up an agent has to know of this gateway. */
export interface AgentSide {
  readonly thumbprint: string
  /** The host that polling agents connect to, as this page can tell best. */
  readonly host: string
  readonly port: number
  /** Both as the address that they poll. */
  readonly address: string
  /** Only agents of the gateway’s own machine reach it there. */
  readonly isLoopback: boolean
}

/** What this gateway is, asked anew with each connection; `undefined` until it is known. `pageHost`: where the page came from. */
export function createAbout(session: Session, pageHost: string): ReadonlySignal<AgentSide | undefined> {
  const about = signal<AgentSide | undefined>(undefined)
  effect(() => {
    const client = session.client.value
    if (!client) about.value = undefined
    if (!client || session.connection.value.at !== 'connected') return undefined
    const stop = new AbortController()
    session.fetchJson('version', stop.signal).then(
      answer => {
        const { agents } = answer as VersionAnswer
        if (agents && !stop.signal.aborted) about.value = agentSide(agents, pageHost)
      },
      // The next connection asks again.
      () => undefined,
    )
    return () => stop.abort()
  })
  return about
}

/** The gateway as agents see it, by what it tells of itself. */
export function agentSide({ thumbprint, host, port }: NonNullable<VersionAnswer['agents']>, pageHost: string): AgentSide {
  const isAnyAddress = ['0.0.0.0', '::', '[::]'].includes(host)
  const isLoopback = host === 'localhost' || host.startsWith('127.') || host === '::1' || host === '[::1]'
  const known = isAnyAddress ? pageHost : host
  return { thumbprint, port, host: known, address: `https://${bracketed(known)}:${port}/`, isLoopback }
}

function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
}
