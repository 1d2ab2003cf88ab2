import { type ClientOptions, type ClientState, createClient, type GatewayClient, GatewayError } from '@halibut-gateway/client'
import type { MethodName, MethodParams, MethodResult, VersionAnswer } from '@halibut-gateway/schemas'
import { hasRight, isRole, type Right } from '@halibut-gateway/schemas/wire'
import { batch, type ReadonlySignal, signal } from '@preact/signals'

const tokenKey = 'halibut-gateway.token'
/** Set where this tab was signed in by the provider. */
const providerKey = 'halibut-gateway.provider'

/** Where people sign in at the page without a token. */
export type Provider = NonNullable<VersionAnswer['signIn']>

/** Who is signed in at the gateway, and how the connection is. */
export interface Session {
  /** The address of the gateway, which ends with a slash. */
  readonly url: string
  /** The client of who is signed in; nobody is where there is none. */
  readonly client: ReadonlySignal<GatewayClient | undefined>
  readonly connection: ReadonlySignal<ClientState>
  /** Why the gateway did not take the last token. */
  readonly refusal: ReadonlySignal<GatewayError | undefined>
  /** The provider that the gateway believes, where it does. */
  readonly provider: ReadonlySignal<Provider | undefined>
  /** Signs in with a token. It stays for this tab, so that the page can be reloaded, and nowhere else. */
  signIn(token: string): void
  /** Forgets the token, or ends the sign-in by the provider. */
  signOut(): void
  /** Tries to connect now. */
  connectNow(): void
  /** Asks the gateway, in the name of who is signed in. Rejects with its error, and with `unauthorized` where nobody is. */
  request<M extends MethodName>(method: M, params: MethodParams<M>): Promise<MethodResult<M>>
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

/** A session: with the token that the tab has kept, else by the provider, where the browser is signed in there. */
export function createSession(options: SessionOptions): Session {
  const { url, storage, create = createClient, fetch = (...asked) => globalThis.fetch(...asked) } = options
  const client = signal<GatewayClient | undefined>(undefined)
  const connection = signal<ClientState>({ at: 'idle' })
  const refusal = signal<GatewayError | undefined>(undefined)
  const provider = signal<Provider | undefined>(undefined)

  function end(why?: GatewayError): void {
    storage.removeItem(tokenKey)
    storage.removeItem(providerKey)
    const before = client.peek()
    batch(() => {
      client.value = undefined
      connection.value = { at: 'idle' }
      refusal.value = why
    })
    before?.close()
  }

  /** Without a token the browser says who it is, by the cookie of the provider’s sign-in. */
  function begin(token?: string): void {
    const next = create({ url, ...(token === undefined ? {} : { token }), client: { name: 'inspector', version: '0.1.0' } })
    next.onState(state => {
      if (client.peek() !== next) return
      // Who has no token and is not signed in has done nothing wrong.
      if (state.at === 'failed' && state.why.kind === 'unauthorized') end(token === undefined ? undefined : state.why)
      else connection.value = state
      if (state.at === 'connected' && token === undefined) storage.setItem(providerKey, 'yes')
    })
    const before = client.peek()
    batch(() => {
      refusal.value = undefined
      connection.value = { at: 'idle' }
      client.value = next
    })
    before?.close()
  }

  async function fetchJson(path: string, stop: AbortSignal): Promise<unknown> {
    const token = storage.getItem(tokenKey)
    const response = await fetch(new URL(path, url), {
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
      signal: stop,
    })
    if (!response.ok) throw new Error(`${path} answered with HTTP ${response.status}`)
    return response.json()
  }

  async function lookForProvider(): Promise<void> {
    // Without the token, which may be worth nothing any more.
    const { signIn } = (await (await fetch(new URL('version', url))).json()) as VersionAnswer
    provider.value = signIn
    if (signIn && !client.peek() && !refusal.peek()) begin()
  }

  const kept = storage.getItem(tokenKey)
  if (kept !== null) begin(kept)
  else if (storage.getItem(providerKey) !== null) begin()
  // A gateway that does not answer is told of by the connection.
  lookForProvider().catch(() => undefined)
  return {
    url,
    client,
    connection,
    refusal,
    provider,
    signIn: token => {
      storage.setItem(tokenKey, token)
      begin(token)
    },
    signOut: () => {
      const isByProvider = storage.getItem(tokenKey) === null
      const way = provider.peek()?.signOut
      end()
      if (isByProvider && way !== undefined) fetch(new URL(way, url), { method: 'POST' }).catch(() => undefined)
    },
    connectNow: () => client.peek()?.connectNow(),
    request: async (method, params) => {
      const asked = client.peek()
      if (!asked) throw new GatewayError('unauthorized', 'nobody is signed in')
      return asked.request(method, params)
    },
    may: right => {
      const state = connection.value
      if (state.at !== 'connected') return true
      const { role } = state.welcome.principal
      return !isRole(role) || hasRight(role, right)
    },
    fetchJson,
  }
}
