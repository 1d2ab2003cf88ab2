import { type GatewayClient, GatewayError } from '@halibut-gateway/client'
import { effect } from '@preact/signals'
import type { Session } from './session.ts'

/**
 * Runs `run` for as long as somebody is signed in: anew with each sign-in, and again once there is a connection after one was lost. What the
 * gateway refuses is not tried again; `onRefused` hears of it. Gives a function that ends this.
 */
export function whileSignedIn(
  session: Pick<Session, 'client'>,
  run: (client: GatewayClient, signal: AbortSignal) => Promise<void>,
  onRefused: (why: unknown) => void = () => undefined,
): () => void {
  return effect(() => {
    const client = session.client.value
    if (!client) return undefined
    const stop = new AbortController()
    void keepRunning(client, stop.signal)
    return () => stop.abort()
  })

  async function keepRunning(client: GatewayClient, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await run(client, signal)
        if (signal.aborted) return
      } catch (why) {
        if (signal.aborted) return
        const isLost = client.state.at !== 'connected' || (why instanceof GatewayError && why.kind === 'connection_lost')
        if (!isLost) {
          onRefused(why)
          return
        }
      }
      await connected(client, signal)
    }
  }
}

/** Resolves once the client is connected, or `signal` aborts. */
function connected(client: GatewayClient, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const done = (): void => {
      stopListening()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const stopListening = client.onState(state => {
      if (state.at === 'connected') done()
    })
    signal.addEventListener('abort', done)
    if (client.state.at === 'connected' || signal.aborted) done()
  })
}
