// A WebSocket in front of mutual TLS and nothing of the product between them: what TLS gives goes on in frames of 64 KiB, without credit, without
// anything kept for a resume. Shows what three processes on this machine can do.
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { type ConnectionOptions, connect as dialTls } from 'node:tls'
import { WebSocket, WebSocketServer } from 'ws'
import type { Identity } from '../identities.ts'
import { answer } from '../peer.ts'

const host = '127.0.0.1'
const frameBytes = 64 * 1024
/** What waits in the WebSocket before TLS is asked to pause, and what may wait when it goes on. */
const pauseAbove = 1024 * 1024
const resumeBelow = 512 * 1024

/** The process in the middle; `port` is that of the content. */
async function listen({ identity, port }: { identity: Identity; port: number }): Promise<number> {
  const server = new WebSocketServer({ host, port: 0, perMessageDeflate: false })
  await once(server, 'listening')
  const input = Buffer.allocUnsafeSlow(frameBytes)
  const spare: Buffer<ArrayBuffer>[] = []
  let frame = Buffer.allocUnsafeSlow(frameBytes)
  let filled = 0
  let full: Buffer<ArrayBuffer>[] = []
  let waiting = 0
  let browser: { readonly socket: WebSocket; readonly transport: Socket } | undefined
  const send = (): void => {
    if (!browser || full.length === 0) return
    browser.transport.cork()
    for (const each of full) {
      waiting += frameBytes
      browser.socket.send(each, { binary: true }, () => {
        waiting -= frameBytes
        spare.push(each)
        if (waiting < resumeBelow) behind.resume()
      })
    }
    browser.transport.uncork()
    full = []
    if (waiting > pauseAbove) behind.pause()
  }
  const take = (length: number): boolean => {
    for (let at = 0; at < length; ) {
      const part = Math.min(length - at, frameBytes - filled)
      frame.set(input.subarray(at, at + part), filled)
      filled += part
      at += part
      if (filled < frameBytes) break
      full.push(frame)
      frame = spare.pop() ?? Buffer.allocUnsafeSlow(frameBytes)
      filled = 0
    }
    if (full.length > 1) send()
    else if (full.length > 0) setImmediate(send)
    return true
  }
  const behind = dialTls({
    host,
    port,
    cert: identity.certificatePem,
    key: identity.keyPem,
    rejectUnauthorized: false,
    onread: { buffer: input, callback: take },
  } as ConnectionOptions)
  await once(behind, 'secureConnect')
  behind.setNoDelay(true)
  server.on('connection', (socket, request) => {
    browser = { socket, transport: request.socket }
    request.socket.setNoDelay(true)
    socket.on('message', () => behind.write('k'))
  })
  return (server.address() as AddressInfo).port
}

let socket: WebSocket | undefined

async function open(port: number): Promise<void> {
  socket = new WebSocket(`ws://${host}:${port}`, { perMessageDeflate: false })
  await once(socket, 'open')
}

/** MB a second of so many bytes, which are whole frames. */
function download(bytes: number): Promise<number> {
  const line = socket
  if (!line) throw new Error('not open')
  return new Promise(resolve => {
    let taken = 0
    const startedAt = performance.now()
    const onMessage = (data: Buffer): void => {
      taken += data.byteLength
      if (taken < bytes) return
      line.off('message', onMessage)
      resolve(bytes / 1e3 / (performance.now() - startedAt))
    }
    line.on('message', onMessage)
    line.send('k')
  })
}

answer({ listen, open, download })
