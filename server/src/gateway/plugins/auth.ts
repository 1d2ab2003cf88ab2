import { subprotocol } from '@halibut-gateway/schemas/wire'
import type { FastifyRequest } from 'fastify'
import { fastifyPlugin } from 'fastify-plugin'
import type { Principal } from '../../access/principal.ts'
import { HalibutError } from '../../base/errors.ts'
import type { SignIn } from '../sign-in.ts'
import { type Tickets, ticketPrefix } from '../tickets.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Who makes a request. Throws `unauthorized`. */
    authenticate(request: FastifyRequest): Promise<Principal>
  }
}

/** Finds the credential of a request: the Authorization header, or (browsers cannot set one) a subprotocol beside ours. */
export const auth = fastifyPlugin<{
  signIn: SignIn
  tickets: Tickets
  /** Hears of each credential that was looked at. */
  onSignIn?: ((outcome: 'accepted' | 'refused') => void) | undefined
}>(
  async (app, { signIn, tickets, onSignIn }) => {
    const principalOf = async (request: FastifyRequest, credential: string | undefined): Promise<Principal | undefined> => {
      if (credential === undefined) return undefined
      const isTicket = request.headers.authorization === undefined && credential.startsWith(ticketPrefix)
      return isTicket ? tickets.redeem(credential, request.headers.origin) : await signIn.authenticate(credential)
    }
    app.decorate('authenticate', async request => {
      const credential = credentialOf(request)
      const principal = await principalOf(request, credential)
      if (credential !== undefined) onSignIn?.(principal ? 'accepted' : 'refused')
      if (!principal) {
        throw new HalibutError(
          'unauthorized',
          credential === undefined ? 'no credential was given' : 'the credential is not valid (any more)',
          {
            advice: 'open the address that the gateway printed last',
          },
        )
      }
      return principal
    })
  },
  { name: 'auth' },
)

function credentialOf(request: FastifyRequest): string | undefined {
  const { authorization } = request.headers
  if (authorization !== undefined) return /^Bearer +([A-Za-z0-9._~+/=-]{1,4096})$/i.exec(authorization)?.[1] ?? ''
  return offeredSubprotocols(request).find(offered => offered !== subprotocol)
}

/** The subprotocols that a WebSocket handshake offers. */
export function offeredSubprotocols(request: FastifyRequest): string[] {
  const header = request.headers['sec-websocket-protocol']
  return header === undefined ? [] : header.split(',').map(offered => offered.trim())
}
