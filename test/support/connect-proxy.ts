import { connect } from 'node:net'
import { tcpServer } from './tcp-server.ts'

/** What proxies say who give no way. */
export const proxyAnswers = {
  wantsLogin: 'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="proxy"\r\n\r\n',
  refuses: 'HTTP/1.1 403 Forbidden\r\n\r\n',
  cannotReach: 'HTTP/1.1 504 Gateway Timeout\r\n\r\n',
} as const

/** An HTTP proxy that opens a tunnel to a port of this machine whatever it is asked for, or answers with a text and ends. */
export async function connectProxy({ to, answer = '' }: { readonly to?: number; readonly answer?: string }) {
  const requests: string[] = []
  const server = await tcpServer(socket => {
    let request = ''
    const onData = (chunk: Buffer): void => {
      request += chunk.toString('latin1')
      if (!request.endsWith('\r\n\r\n')) return
      socket.off('data', onData).pause()
      requests.push(request)
      if (to === undefined) {
        socket.end(answer)
        return
      }
      const back = connect(to, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
        socket.pipe(back).pipe(socket)
      })
      back.on('error', () => socket.destroy()).once('close', () => socket.destroy())
      socket.once('close', () => back.destroy())
    }
    socket.on('data', onData)
  })
  return {
    port: server.port,
    /** What each caller sent before the tunnel opened. */
    requests,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
