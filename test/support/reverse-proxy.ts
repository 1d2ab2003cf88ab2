import { type IncomingMessage, request } from 'node:http'
import { createServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { toPem } from '../../server/src/runtime/certificates.ts'
import { testIdentity } from './certificates.ts'

/** What a reverse proxy does with a request. */
export interface ReverseProxyOptions {
  /** The gateway behind it. */
  readonly port: number
  /** What it serves the gateway under. Default `/`. */
  readonly path?: string
  /** Whether the gateway sees the path without that. Default true. */
  readonly stripsPath?: boolean
  /** The Host that the gateway gets. Default: the browser’s. */
  readonly host?: string
  /** Headers beside. */
  readonly headers?: Readonly<Record<string, string>>
}

/** An HTTPS server that hands requests and WebSockets on to a gateway, as nginx does. */
export interface ReverseProxy extends AsyncDisposable {
  readonly port: number
}

/** Starts one on a free port of loopback. */
export async function createReverseProxy(options: ReverseProxyOptions): Promise<ReverseProxy> {
  const { path = '/', stripsPath = true } = options
  const open = new Set<Duplex>()
  const forward = (incoming: IncomingMessage) => {
    const url = incoming.url ?? '/'
    return request({
      host: '127.0.0.1',
      port: options.port,
      method: incoming.method,
      path: stripsPath ? url.slice(path.length - 1) : url,
      headers: { ...incoming.headers, ...(options.host === undefined ? {} : { host: options.host }), ...options.headers },
      agent: false,
    })
  }
  const pem = toPem(testIdentity('reverse proxy'))
  const server = createServer({ cert: pem, key: pem }, (incoming, outgoing) => {
    if (!incoming.url?.startsWith(path) && !(incoming.url === path.slice(0, -1) && !stripsPath)) {
      outgoing.writeHead(404).end('not the gateway’s')
      return
    }
    const onward = forward(incoming)
    onward.on('response', response => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers)
      response.pipe(outgoing)
    })
    onward.on('error', () => outgoing.destroy())
    incoming.pipe(onward)
  })
  server.on('connection', socket => open.add(socket))
  server.on('upgrade', (incoming, socket: Duplex, head) => {
    if (!incoming.url?.startsWith(path)) {
      socket.end('HTTP/1.1 404 Not Found\r\n\r\n')
      return
    }
    const onward = forward(incoming)
    onward.on('response', response => {
      socket.write(`HTTP/1.1 ${response.statusCode} ${response.statusMessage}\r\nconnection: close\r\n\r\n`)
      response.pipe(socket)
    })
    onward.on('upgrade', (response, upstream) => {
      const headers = Object.entries(response.headers).map(([name, value]) => `${name}: ${String(value)}\r\n`)
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${headers.join('')}\r\n`)
      upstream.write(head)
      upstream.pipe(socket).pipe(upstream)
      open.add(upstream)
      for (const [one, other] of [
        [socket, upstream],
        [upstream, socket],
      ] as const) {
        one.on('error', () => other.destroy()).on('close', () => other.destroy())
      }
    })
    onward.on('error', () => socket.destroy())
    onward.end()
  })
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy()
      await new Promise(closed => server.close(closed))
    },
  }
}
