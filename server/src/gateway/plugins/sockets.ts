import type { Duplex } from 'node:stream'
import websocket from '@fastify/websocket'
import { facadeLimits, rpcPath, subprotocol } from '@halibut-gateway/schemas/wire'
import { fastifyPlugin } from 'fastify-plugin'
import { gatewayLimits } from '../../base/limits.ts'
import type { Connection } from '../connection.ts'
import type { HttpRequests } from '../rest/http-requests.ts'
import type { SessionTable } from '../session-table.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The browsers that are connected. */
    readonly connections: Set<Connection>
    /** Their sessions, and those that wait for theirs to come back. */
    readonly sessions: SessionTable
    /** Before `close()`: lets what browsers and callers over HTTP wait for come to its end within this time, and takes nothing new. Milliseconds. */
    drain(drainMs: number): Promise<void>
  }
}

/**
 * WebSockets with our limits. Comes before every plugin that may refuse a request: @fastify/websocket only closes the socket of a refused
 * handshake where its own hooks ran first.
 */
export const sockets = fastifyPlugin<{ sessions: SessionTable; requests: HttpRequests }>(
  async (app, { sessions, requests }) => {
    const connections = new Set<Connection>()
    /** When each handshake that is not answered is given up, whatever the reason. */
    const unanswered = new WeakMap<Duplex, NodeJS.Timeout>()
    const onAnswered = function (this: Duplex): void {
      clearTimeout(unanswered.get(this))
    }
    let closing = false
    // A handshake that comes while Fastify closes is answered by it without our hooks, and its socket would be waited for without end.
    app.server.prependListener('upgrade', (_request, socket) => {
      if (closing) {
        socket.destroy()
        return
      }
      // The server’s own times end with the upgrade.
      unanswered.set(
        socket,
        setTimeout(() => socket.destroy(), gatewayLimits.httpRequestMs),
      )
      socket.once('close', onAnswered)
    })
    app.decorate('connections', connections)
    app.decorate('sessions', sessions)
    app.decorate('drain', async drainMs => {
      await Promise.all([sessions.drain(drainMs), requests.drain(drainMs)])
    })
    await app.register(websocket, {
      options: {
        maxPayload: facadeLimits.textBytes,
        perMessageDeflate: false,
        // Never the credential that is offered beside it.
        handleProtocols: (offered: Set<string>) => (offered.has(subprotocol) ? subprotocol : false),
      },
      preClose: done => {
        closing = true
        requests.close()
        sessions.close('going_away')
        for (const connection of connections) connection.close('going_away')
        app.websocketServer.close(() => done())
      },
    })
    app.websocketServer.on('connection', (_socket, { socket }) => onAnswered.call(socket.removeListener('close', onAnswered)))
    // The plugin would upgrade any address that there is, and close the socket then.
    app.addHook('onRequest', async (request, reply) => {
      if (request.ws && !request.is404 && request.routeOptions.url !== rpcPath) return reply.callNotFound()
    })
  },
  { name: 'sockets' },
)
