import type { ServerResponse } from 'node:http'
import type { Writable } from 'node:stream'
import { type CloseReason, closeCodes, facadeLimits, rpcPath, subprotocol } from '@halibut-gateway/schemas/wire'
import type { FastifyInstance } from 'fastify'
import type { WebSocket } from 'ws'
import type { Principal } from '../../access/principal.ts'
import { HalibutError } from '../../base/errors.ts'
import { gatewayLimits } from '../../base/limits.ts'
import type { LogSink } from '../../base/log.ts'
import type { Dispatcher } from '../../rpc/dispatcher.ts'
import type { CallRates } from '../call-rates.ts'
import { Connection, type ConnectionSocket } from '../connection.ts'
import { FrameTurns } from '../frame-turns.ts'
import { offeredSubprotocols } from '../plugins/auth.ts'
import { addressOf } from '../plugins/rate-limit.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who opened the socket; set once the handshake was accepted. */
    principal: Principal | undefined
    /** The response that a handshake is answered beside. */
    handshake: ServerResponse | undefined
  }
}

/** `GET /rpc`: one connection for each WebSocket, and a session that may outlive it. */
export async function rpcSocketRoutes(
  app: FastifyInstance,
  options: { readonly dispatcher: Dispatcher; readonly rates: CallRates; readonly log: LogSink },
): Promise<void> {
  const { dispatcher, rates, log } = options
  const { connections, sessions } = app
  app.decorateRequest('principal', undefined)
  app.decorateRequest('handshake', undefined)
  app.get(
    rpcPath,
    {
      websocket: true,
      preValidation: async (request, reply) => {
        if (!offeredSubprotocols(request).includes(subprotocol)) {
          throw new HalibutError('invalid_request', `the WebSocket must offer the subprotocol ${subprotocol}`)
        }
        request.principal = await app.authenticate(request)
        request.handshake = reply.raw
      },
    },
    (socket, request) => {
      const { principal, handshake } = request
      if (!principal) return socket.close(closeCodes.internal_error.code)
      // While the handshake was under way.
      if (app.whySignedOut(principal)) return socket.close(closeCodes.signed_out.code, 'signed_out')
      const transport = request.raw.socket
      // The plugin’s listener and the response on the socket would keep all of the handshake for as long as the browser is there.
      socket.removeAllListeners('error')
      handshake?.detachSocket(transport)
      const connection = new Connection({
        socket: new BrowserSocket(socket, transport),
        sessions,
        dispatcher,
        principal,
        allowance: rates.ofAddress(addressOf(request)),
        origin: request.headers.origin,
      })
      connections.add(connection)
      log('debug', 'browser connected', { address: request.ip })
      const turns = new FrameTurns(socket)
      socket.on('message', (data: Buffer, isBinary) => {
        turns.took(isBinary ? 0 : data.byteLength)
        if (!isBinary) connection.receive(String(data))
        else if (data.byteLength <= facadeLimits.binaryBytes) connection.receiveBinary(data)
        else connection.close('too_big')
      })
      const heard = (): void => connection.heard()
      socket.on('ping', heard)
      socket.on('pong', heard)
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

/** What a WebSocket stands on. */
type Transport = Writable & { readonly bytesRead: number; readonly _handle?: { readonly writeQueueSize?: number } | null }

/** A WebSocket as connections and sessions use it. */
class BrowserSocket implements ConnectionSocket {
  readonly #socket: WebSocket
  readonly #transport: Transport

  constructor(socket: WebSocket, transport: Transport) {
    this.#socket = socket
    this.#transport = transport
  }

  get bytesRead(): number {
    return this.#transport.bytesRead
  }

  /** Node has no public name for it. Without it a text counts as taken when all of it has gone. */
  get unsentBytes(): number | undefined {
    return this.#transport._handle?.writeQueueSize
  }

  send(text: string, done: () => void): void {
    this.#socket.send(text, done)
  }

  sendBinary(frame: Buffer, done: () => void): void {
    this.#socket.send(frame, binary, done)
  }

  together(write: () => void): void {
    this.#transport.cork()
    write()
    this.#transport.uncork()
  }

  ping(): void {
    this.#socket.ping()
  }

  close(reason: CloseReason): void {
    const socket = this.#socket
    socket.close(closeCodes[reason].code, reason)
    const timer = setTimeout(() => socket.terminate(), gatewayLimits.closeGraceMs)
    socket.once('close', () => clearTimeout(timer))
  }
}

const binary = { binary: true }
