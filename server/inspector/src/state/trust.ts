import { GatewayError } from '@halibut-gateway/client'
import type { MethodName, MethodParams, MethodResult, PendingSnapshot } from '@halibut-gateway/schemas'
import { type ReadonlySignal, signal } from '@preact/signals'
import { createLoaded, type Loaded } from './loaded.ts'
import type { Session } from './session.ts'
import { whileSignedIn } from './while-signed-in.ts'

type Denied = MethodResult<'trust.denied'>['denied'][number]
type Clones = MethodResult<'trust.pending'>['clones'][number]
type KnownCertificates = MethodResult<'trust.thumbprints'>['certificates']

/** Whom the gateway believes, and who asks to be believed. */
export interface Trust {
  /** Who waits for a decision, the newest first; `undefined` until that is known. */
  readonly pending: ReadonlySignal<readonly PendingSnapshot[] | undefined>
  /** Who is to be decided on now: those that are not put off. */
  readonly waiting: () => readonly PendingSnapshot[]
  readonly denied: ReadonlySignal<readonly Denied[]>
  readonly clones: ReadonlySignal<readonly Clones[]>
  /** Every certificate of an agent, and those that were revoked; there may be ten thousand, so that they are asked for where they are shown. */
  readonly certificates: Loaded<KnownCertificates>
  /** Why the lists cannot be shown. */
  readonly problem: ReadonlySignal<GatewayError | undefined>
  /** Asks for the lists that nobody watches. */
  refresh(): Promise<void>
  /** Decides something, and asks for the lists again. Rejects with the gateway’s error. */
  decide<M extends Extract<MethodName, `trust.${string}`>>(method: M, params: MethodParams<M>): Promise<MethodResult<M>>
}

/** The trust of the gateway where somebody is signed in. */
export function createTrust(session: Session, now: () => number): Trust {
  const pending = signal<readonly PendingSnapshot[] | undefined>(undefined)
  const denied = signal<readonly Denied[]>([])
  const clones = signal<readonly Clones[]>([])
  const certificates = createLoaded(session, async client => (await client.request('trust.thumbprints', {})).certificates)
  const problem = signal<GatewayError | undefined>(undefined)

  whileSignedIn(
    session,
    async (client, stop) => {
      const byId = new Map<string, PendingSnapshot>()
      for await (const event of client.watch('trust.watch', { signal: stop })) {
        if (event.type === 'snapshot') byId.clear()
        if (event.type === 'removed') for (const id of event.ids) byId.delete(id)
        else for (const each of event.pending) byId.set(each.id, each)
        problem.value = undefined
        pending.value = [...byId.values()].sort((one, other) => (one.firstSeen < other.firstSeen ? 1 : -1))
      }
    },
    why => {
      problem.value = asGatewayError(why)
    },
  )
  let asked = 0
  session.client.subscribe(() => {
    // What was asked for somebody else is told to nobody.
    asked++
    pending.value = undefined
    denied.value = []
    clones.value = []
    problem.value = undefined
  })

  async function refresh(): Promise<void> {
    const client = session.client.peek()
    if (!client) return
    const mine = ++asked
    try {
      const [first, second] = await Promise.all([client.request('trust.pending', {}), client.request('trust.denied', {})])
      // Only the newest answer counts.
      if (mine !== asked) return
      clones.value = first.clones
      denied.value = second.denied
    } catch (why) {
      if (mine === asked) problem.value = asGatewayError(why)
    }
  }

  return {
    pending,
    waiting: () => (pending.value ?? []).filter(({ laterUntil }) => laterUntil === undefined || Date.parse(laterUntil) <= now()),
    denied,
    clones,
    certificates,
    problem,
    refresh,
    decide: async (method, params) => {
      const result = await session.request(method, params)
      void refresh()
      if (certificates.value.peek()) void certificates.refresh()
      return result
    },
  }
}

function asGatewayError(why: unknown): GatewayError {
  return why instanceof GatewayError ? why : new GatewayError('internal_error', String(why))
}
