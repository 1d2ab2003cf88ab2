// A WebSocket in front of mutual TLS with nothing of the product between them but the sizes of its frames, its credit and what it reads ahead:
// what TLS gives goes on, nothing is kept. Shows what three processes on this machine can do.
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { type ConnectionOptions, connect as dialTls } from 'node:tls'
import { downloadFrameBytes } from '@halibut-gateway/schemas/wire'
import { WebSocket, WebSocketServer } from 'ws'
import { creditOf, creditText, streamCreditBytes } from '../credit.ts'
import type { Identity } from '../identities.ts'
import { answer } from '../peer.ts'

const host = '127.0.0.1'
const readAheadFrames = 4

/** The process in the middle; `port` is that of `bytes` of content. */
async function listen({ identity, port, bytes }: { identity: Identity; port: number; bytes: number }): Promise<number> {
  const server = new WebSocketServer({ host, port: 0, perMessageDeflate: false })
  await once(server, 'listening')
  const input = Buffer.allocUnsafeSlow(64 * 1024)
  const spare: Buffer<ArrayBuffer>[] = []
  const full: Buffer<ArrayBuffer>[] = []
  let frame = Buffer.allocUnsafeSlow(downloadFrameBytes)
  let filled = 0
  let left = 0
  let credit = 0
  let sent = 0
  let scheduled = false
  let browser: { readonly socket: WebSocket; readonly transport: Socket } | undefined
  const flush = (): void => {
    scheduled = false
    browser?.transport.cork()
    for (let next = full[0]; next && sent + next.byteLength <= credit; next = full[0]) {
      const leaving = next
      full.shift()
      sent += leaving.byteLength
      browser?.socket.send(leaving, { binary: true }, () => {
        if (leaving.byteLength === downloadFrameBytes) spare.push(leaving)
      })
    }
    browser?.transport.uncork()
    if (full.length < readAheadFrames) behind.resume()
  }
  const take = (length: number): boolean => {
    for (let at = 0; at < length; ) {
      const part = Math.min(length - at, downloadFrameBytes - filled)
      frame.set(input.subarray(at, at + part), filled)
      filled += part
      at += part
      left -= part
      if (filled < downloadFrameBytes && left > 0) break
      full.push(filled === downloadFrameBytes ? frame : frame.subarray(0, filled))
      frame = spare.pop() ?? Buffer.allocUnsafeSlow(downloadFrameBytes)
      filled = 0
    }
    if (full.length >= readAheadFrames) behind.pause()
    if (full.length > 0 && !scheduled) {
      scheduled = true
      setImmediate(flush)
    }
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
    socket.on('message', data => {
      credit = creditOf(data)
      if (credit === streamCreditBytes) {
        left = bytes
        sent = 0
        behind.write('k')
      }
      flush()
    })
  })
  return (server.address() as AddressInfo).port
}

let socket: WebSocket | undefined

async function open(port: number): Promise<void> {
  socket = new WebSocket(`ws://${host}:${port}`, { perMessageDeflate: false })
  await once(socket, 'open')
}

/** MB a second. */
function download(bytes: number): Promise<number> {
  const line = socket
  if (!line) throw new Error('not open')
  return new Promise(resolve => {
    let taken = 0
    let creditedAt = 0
    const giveCredit = (): void => {
      creditedAt = taken
      line.send(creditText(taken + streamCreditBytes))
    }
    const startedAt = performance.now()
    const onMessage = (data: Buffer): void => {
      taken += data.byteLength
      if (taken === bytes) {
        line.off('message', onMessage)
        resolve(bytes / 1e3 / (performance.now() - startedAt))
      } else if (taken - creditedAt >= streamCreditBytes / 2) giveCredit()
    }
    line.on('message', onMessage)
    giveCredit()
  })
}

answer({ listen, open, download })
