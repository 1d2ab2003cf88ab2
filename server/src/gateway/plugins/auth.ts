import { subprotocol } from '@halibut-gateway/schemas/wire'
import type { FastifyRequest } from 'fastify'
import { fastifyPlugin } from 'fastify-plugin'
import type { Principal } from '../../access/principal.ts'
import { HalibutError } from '../../base/errors.ts'
import { gatewayLimits } from '../../base/limits.ts'
import type { PageSignIn } from '../oidc/page-sign-in.ts'
import type { HttpRequests } from '../rest/http-requests.ts'
import type { SignIn } from '../sign-in.ts'
import { type Tickets, ticketPrefix } from '../tickets.ts'
import { addressOf, createCounter } from './rate-limit.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Who makes a request. Throws `unauthorized`, or why the credential is not good. */
    authenticate(request: FastifyRequest): Promise<Principal>
    /** Whether a request says nothing of who makes it that could be good. */
    isAnonymous(request: FastifyRequest): boolean
    /** Why a sign-in is over (it was revoked, has expired, or its owner signed out); `undefined` where it is not. */
    whySignedOut(principal: Principal): HalibutError | undefined
  }
}

/**
 * Finds the credential of a request: the Authorization header, or (browsers cannot set one) a subprotocol beside ours. When a sign-in is over, so
 * is at once all that was opened with it.
 */
export const auth = fastifyPlugin<{
  signIn: SignIn
  tickets: Tickets
  requests: HttpRequests
  /** Knows the browsers that have signed in at the page. Default: nobody does. */
  page?: Pick<PageSignIn, 'principalOf'> | undefined
  /** Hears of each credential that was looked at. */
  onSignIn?: ((outcome: 'accepted' | 'refused') => void) | undefined
}>(
  async (app, { signIn, tickets, requests, page, onSignIn }) => {
    const { failedSignIns, failedSignInMs } = gatewayLimits
    const countFailure = createCounter(app, { timeWindow: failedSignInMs, max: failedSignIns, keyGenerator: addressOf })
    /** Who guesses is told to wait; what is good is let in all the same, since a whole house may share an address. */
    const checkFailedSignIn = async (request: FastifyRequest, why: unknown): Promise<void> => {
      if (!(why instanceof HalibutError) || why.kind !== 'unauthorized') return
      const retryAfterMs = await countFailure(request)
      if (retryAfterMs === undefined) return
      throw new HalibutError(
        'too_many_calls',
        `more than ${failedSignIns} sign-ins from this address failed in ${failedSignInMs / 1_000} s`,
        {
          retryAfterMs,
          advice: 'wait, and correct the credential',
        },
      )
    }
    const pageUser = (request: FastifyRequest): Principal | undefined => (request.ws ? undefined : page?.principalOf(request))
    const principalOf = async (request: FastifyRequest, credential: string | undefined): Promise<Principal | undefined> => {
      if (credential === undefined) return pageUser(request)
      const isTicket = request.headers.authorization === undefined && credential.startsWith(ticketPrefix)
      return isTicket ? tickets.redeem(credential, request.headers.origin) : await signIn.authenticate(credential)
    }
    app.decorate('authenticate', async request => {
      const credential = credentialOf(request)
      try {
        const principal = await principalOf(request, credential)
        if (!principal) throw noSignIn(credential)
        if (credential !== undefined) onSignIn?.('accepted')
        return principal
      } catch (why) {
        if (credential !== undefined) {
          onSignIn?.('refused')
          await checkFailedSignIn(request, why)
        }
        throw why
      }
    })
    app.decorate('isAnonymous', request => request.headers.authorization === undefined && !pageUser(request))
    const ended = new WeakMap<Principal, HalibutError>()
    app.decorate('whySignedOut', principal => ended.get(principal))
    const stop = signIn.onEnded?.(principal => {
      const why = new HalibutError(
        'unauthorized',
        `the sign-in of ${principal.name} is over: it was revoked, has expired, or its owner signed out`,
      )
      ended.set(principal, why)
      tickets.forget(principal)
      requests.signedOut(principal, why)
      app.sessions.signedOut(principal, why)
      for (const connection of app.connections) if (connection.principal === principal) connection.close('signed_out')
    })
    app.addHook('onClose', async () => stop?.())
  },
  { name: 'auth', dependencies: ['sockets', 'rate-limit'] },
)

function noSignIn(credential: string | undefined): HalibutError {
  return new HalibutError('unauthorized', credential === undefined ? 'no credential was given' : 'the credential is not valid (any more)', {
    advice: 'sign in, or open the page with a token; whoever may read the state folder can make one: halibut-gateway token create',
  })
}

function credentialOf(request: FastifyRequest): string | undefined {
  const { authorization } = request.headers
  if (authorization !== undefined) {
    const found = /^Bearer +([A-Za-z0-9._~+/=-]+)$/i.exec(authorization)?.[1] ?? ''
    return found.length <= gatewayLimits.credentialChars ? found : ''
  }
  return offeredSubprotocols(request).find(offered => offered !== subprotocol)
}

/** The subprotocols that a WebSocket handshake offers. */
export function offeredSubprotocols(request: FastifyRequest): string[] {
  const header = request.headers['sec-websocket-protocol']
  return header === undefined ? [] : header.split(',').map(offered => offered.trim())
}
