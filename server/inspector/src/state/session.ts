import { type ClientOptions, type ClientState, createClient, type GatewayClient, type GatewayError } from '@halibut-gateway/client'
import { hasRight, isRole, type Right } from '@halibut-gateway/schemas/wire'
import { batch, type ReadonlySignal, signal } from '@preact/signals'

const key = 'halibut-gateway.token'

/** Who is signed in at the gateway, and how the connection is. */
export interface Session {
  /** The client of who is signed in; nobody is where there is none. */
  readonly client: ReadonlySignal<GatewayClient | undefined>
  readonly connection: ReadonlySignal<ClientState>
  /** Why the gateway did not take the last token. */
  readonly refusal: ReadonlySignal<GatewayError | undefined>
  /** Signs in with a token. It stays for this tab, so that the page can be reloaded, and nowhere else. */
  signIn(token: string): void
  /** Forgets the token. */
  signOut(): void
  /** Tries to connect now. */
  connectNow(): void
  /** Whether who is signed in may do something, as far as the role tells; yes while nobody knows. */
  may(right: Right): boolean
  /** One of the gateway’s documents that are no methods, such as `version`. */
  fetchJson(path: string, signal: AbortSignal): Promise<unknown>
}

/** What a session is made with. */
export interface SessionOptions {
  /** The address of the page, which is that of the gateway. */
  readonly url: string
  /** That of the tab. */
  readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>
  readonly create?: (options: ClientOptions) => GatewayClient
  readonly fetch?: typeof globalThis.fetch
}

/** A session, with the token that the tab has kept where it has one. */
export function createSession({ url, storage, create = createClient, fetch = globalThis.fetch }: SessionOptions): Session {
  const client = signal<GatewayClient | undefined>(undefined)
  const connection = signal<ClientState>({ at: 'idle' })
  const refusal = signal<GatewayError | undefined>(undefined)

  function end(why?: GatewayError): void {
    storage.removeItem(key)
    const before = client.peek()
    batch(() => {
      client.value = undefined
      connection.value = { at: 'idle' }
      refusal.value = why
    })
    before?.close()
  }

  function begin(token: string): void {
    const next = create({ url, token, client: { name: 'inspector', version: '0.1.0' } })
    next.onState(state => {
      if (client.peek() !== next) return
      if (state.at === 'failed' && state.why.kind === 'unauthorized') end(state.why)
      else connection.value = state
    })
    const before = client.peek()
    batch(() => {
      refusal.value = undefined
      connection.value = { at: 'idle' }
      client.value = next
    })
    before?.close()
  }

  const kept = storage.getItem(key)
  if (kept !== null) begin(kept)
  return {
    client,
    connection,
    refusal,
    signIn: token => {
      storage.setItem(key, token)
      begin(token)
    },
    signOut: () => end(),
    connectNow: () => client.peek()?.connectNow(),
    may: right => {
      const state = connection.value
      if (state.at !== 'connected') return true
      const { role } = state.welcome.principal
      return !isRole(role) || hasRight(role, right)
    },
    fetchJson: async (path, stop) => {
      const token = storage.getItem(key)
      const response = await fetch(new URL(path, url), {
        headers: token === null ? {} : { authorization: `Bearer ${token}` },
        signal: stop,
      })
      if (!response.ok) throw new Error(`${path} answered with HTTP ${response.status}`)
      return response.json()
    },
  }
}
