import type { Writable } from 'node:stream'
import { closeCodes, facadeLimits, rpcPath, subprotocol } from '@halibut-gateway/schemas/wire'
import type { FastifyInstance } from 'fastify'
import type { WebSocket } from 'ws'
import { HalibutError } from '../../base/errors.ts'
import { gatewayLimits } from '../../base/limits.ts'
import type { LogSink } from '../../base/log.ts'
import type { Dispatcher, Principal } from '../../rpc/dispatcher.ts'
import { Connection } from '../connection.ts'
import { offeredSubprotocols } from '../plugins/auth.ts'
import type { SessionSocket } from '../session.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who opened the socket; set once the handshake was accepted. */
    principal: Principal | undefined
  }
}

/** `GET /rpc`: one connection for each WebSocket, and a session that may outlive it. */
export async function rpcSocketRoutes(
  app: FastifyInstance,
  options: { readonly dispatcher: Dispatcher; readonly log: LogSink },
): Promise<void> {
  const { dispatcher, log } = options
  const { connections, sessions } = app
  app.decorateRequest('principal', undefined)
  app.get(
    rpcPath,
    {
      websocket: true,
      preValidation: async request => {
        if (!offeredSubprotocols(request).includes(subprotocol)) {
          throw new HalibutError('invalid_request', `the WebSocket must offer the subprotocol ${subprotocol}`)
        }
        request.principal = await app.authenticate(request)
      },
    },
    (socket, request) => {
      const { principal } = request
      if (!principal) return socket.close(closeCodes.internal_error.code)
      const connection = new Connection({
        socket: adapt(socket, request.raw.socket),
        sessions,
        dispatcher,
        principal,
        origin: request.headers.origin,
      })
      connections.add(connection)
      log('debug', 'browser connected', { address: request.ip })
      socket.on('message', (data: Buffer, isBinary) => {
        if (!isBinary) connection.receive(String(data))
        else if (data.byteLength <= facadeLimits.binaryBytes) connection.receiveBinary(data)
        else connection.close('too_big')
      })
      socket.on('pong', () => connection.heard())
      // ws closes by itself after an error (a frame too big, bad UTF-8), with its own code.
      socket.on('error', error => log('debug', 'browser socket failed', { session: connection.session, error: error.message }))
      socket.on('close', code => {
        log('debug', 'browser gone', { session: connection.session, code })
        connections.delete(connection)
        connection.closed(code)
      })
    },
  )
}

function adapt(socket: WebSocket, transport: Writable): SessionSocket {
  return {
    send: (text, done) => socket.send(text, () => done()),
    sendBinary: (frame, done) => socket.send(frame, { binary: true }, () => done()),
    together: write => {
      transport.cork()
      write()
      transport.uncork()
    },
    ping: () => socket.ping(),
    close: reason => {
      socket.close(closeCodes[reason].code, reason)
      const timer = setTimeout(() => socket.terminate(), gatewayLimits.closeGraceMs)
      socket.once('close', () => clearTimeout(timer))
    },
  }
}
