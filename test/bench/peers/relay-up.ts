// The other way of `relay-down`: what comes in WebSocket frames goes on over mutual TLS, under the same credit, and nothing is kept.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect as dialTls } from 'node:tls'
import { uploadFrameBytes } from '@halibut-gateway/schemas/wire'
import { WebSocket, WebSocketServer } from 'ws'
import { creditOf, creditText, streamCreditBytes } from '../credit.ts'
import type { Identity } from '../identities.ts'
import { answer } from '../peer.ts'

const host = '127.0.0.1'
/** What may wait in the socket before it has to drain, as in the product. */
const highWaterBytes = 256 * 1024

/** The process in the middle; `port` is that of whoever takes the content and then sends a byte. */
async function listen({ identity, port }: { identity: Identity; port: number }): Promise<number> {
  const server = new WebSocketServer({ host, port: 0, perMessageDeflate: false })
  await once(server, 'listening')
  const behind = dialTls({ host, port, cert: identity.certificatePem, key: identity.keyPem, rejectUnauthorized: false })
  await once(behind, 'secureConnect')
  behind.setNoDelay(true)
  server.on('connection', (socket, request) => {
    request.socket.setNoDelay(true)
    const queue: Buffer[] = []
    let draining = false
    let taken = 0
    let creditedAt = 0
    const took = (bytes: number): void => {
      taken += bytes
      if (taken - creditedAt < streamCreditBytes / 2) return
      creditedAt = taken
      socket.send(creditText(taken + streamCreditBytes))
    }
    const pump = (): void => {
      for (let frame = queue.shift(); frame; frame = queue.shift()) {
        const { byteLength } = frame
        if (!behind.write(frame) && behind.writableLength >= highWaterBytes) {
          draining = true
          behind.once('drain', () => {
            draining = false
            took(byteLength)
            pump()
          })
          return
        }
        took(byteLength)
      }
    }
    socket.on('message', (data: Buffer) => {
      queue.push(data)
      if (!draining) pump()
    })
    behind.on('data', () => {
      taken = 0
      creditedAt = 0
      socket.send(creditText(0))
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
function upload(bytes: number): Promise<number> {
  const line = socket
  if (!line) throw new Error('not open')
  const content = Buffer.alloc(uploadFrameBytes, 7)
  return new Promise(resolve => {
    let sent = 0
    const startedAt = performance.now()
    const send = (credit: number): void => {
      while (sent < bytes) {
        const size = Math.min(uploadFrameBytes, bytes - sent)
        if (sent + size > credit) return
        sent += size
        // Masking changes what is sent, so that it has to be the frame’s own.
        line.send(Buffer.from(content.subarray(0, size)))
      }
    }
    const onMessage = (data: Buffer): void => {
      const credit = creditOf(data)
      if (credit > 0) {
        send(credit)
        return
      }
      line.off('message', onMessage)
      resolve(bytes / 1e3 / (performance.now() - startedAt))
    }
    line.on('message', onMessage)
    send(streamCreditBytes)
  })
}

answer({ listen, open, upload })
