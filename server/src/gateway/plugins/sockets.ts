import websocket from '@fastify/websocket'
import { facadeLimits, subprotocol } from '@halibut-gateway/schemas/wire'
import { fastifyPlugin } from 'fastify-plugin'
import type { Session } from '../session.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The browsers that are connected. */
    readonly sessions: Set<Session>
  }
}

/**
 * WebSockets with our limits. Comes before every plugin that may refuse a request: @fastify/websocket only closes the socket of a refused
 * handshake where its own hooks ran first.
 */
export const sockets = fastifyPlugin(
  async app => {
    const sessions = new Set<Session>()
    app.decorate('sessions', sessions)
    await app.register(websocket, {
      options: {
        maxPayload: facadeLimits.textBytes,
        perMessageDeflate: false,
        // Never the credential that is offered beside it.
        handleProtocols: (offered: Set<string>) => (offered.has(subprotocol) ? subprotocol : false),
      },
      preClose: done => {
        for (const session of sessions) session.close('going_away')
        app.websocketServer.close(() => done())
      },
    })
  },
  { name: 'sockets' },
)
