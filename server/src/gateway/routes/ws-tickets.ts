import { ticketsPath } from '@halibut-gateway/schemas/wire'
import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { HalibutError } from '../../base/errors.ts'
import type { Tickets } from '../tickets.ts'

const config = {
  document: {
    summary: 'a ticket for one WebSocket handshake',
    signedIn: true,
    answers: {
      201: {
        description: 'the ticket',
        schema: Type.Object({ ticket: Type.String(), expiresInMs: Type.Integer({ minimum: 1 }) }, { additionalProperties: false }),
      },
    },
  },
} as const

/** `POST /api/v1/ws-tickets`, with a token in the Authorization header, or from a page that was signed in at: a ticket for one WebSocket handshake. */
export async function wsTicketRoutes(app: FastifyInstance, options: { readonly tickets: Tickets }): Promise<void> {
  app.post(ticketsPath, { config }, async (request, reply) => {
    if (app.isAnonymous(request)) {
      throw new HalibutError(
        'unauthorized',
        'a ticket is given for a token in the Authorization header, or to a browser that has signed in at the page',
      )
    }
    const principal = await app.authenticate(request)
    return reply.code(201).header('cache-control', 'no-store').send(options.tickets.issue(principal, request.headers.origin))
  })
}
