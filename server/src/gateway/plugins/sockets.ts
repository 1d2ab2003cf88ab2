import websocket from '@fastify/websocket'
import { facadeLimits, subprotocol } from '@halibut-gateway/schemas/wire'
import { fastifyPlugin } from 'fastify-plugin'
import type { Connection } from '../connection.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The browsers that are connected. */
    readonly connections: Set<Connection>
  }
}

/**
 * WebSockets with our limits. Comes before every plugin that may refuse a request: @fastify/websocket only closes the socket of a refused
 * handshake where its own hooks ran first.
 */
export const sockets = fastifyPlugin(
  async app => {
    const connections = new Set<Connection>()
    app.decorate('connections', connections)
    await app.register(websocket, {
      options: {
        maxPayload: facadeLimits.textBytes,
        perMessageDeflate: false,
        // Never the credential that is offered beside it.
        handleProtocols: (offered: Set<string>) => (offered.has(subprotocol) ? subprotocol : false),
      },
      preClose: done => {
        for (const connection of connections) connection.close('going_away')
        app.websocketServer.close(() => done())
      },
    })
  },
  { name: 'sockets' },
)
