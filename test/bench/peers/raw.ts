// Plain mutual TLS of Node: what the rows are measured against. The same certificates and settings as the product, and nothing above.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createSecureContext, createServer, connect as dialTls, type SecureContext, type TLSSocket } from 'node:tls'
import type { Identity } from '../identities.ts'
import { answer } from '../peer.ts'
import { cpu, rss } from '../usage.ts'

const host = '127.0.0.1'
const messageBytes = 200
const chunk = Buffer.alloc(64 * 1024, 7)

type Mode = 'echo' | 'download' | 'upload' | 'greet' | 'hold'

const held: TLSSocket[] = []
let context: SecureContext | undefined

/** One listener for one kind of conversation; returns its port. */
async function listen({ identity, mode, bytes = 0 }: { identity: Identity; mode: Mode; bytes?: number }): Promise<number> {
  const server = createServer(
    { cert: identity.certificatePem, key: identity.keyPem, requestCert: true, rejectUnauthorized: false },
    socket => {
      socket.setNoDelay(true)
      socket.on('error', () => socket.destroy())
      converse(socket, mode, bytes)
    },
  )
  server.listen(0, host)
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

function converse(socket: TLSSocket, mode: Mode, bytes: number): void {
  switch (mode) {
    case 'echo':
      socket.on('data', data => socket.write(data))
      return
    case 'download':
      // Each byte asks for the content once more.
      socket.on('data', () => void writeAll(socket, bytes))
      return
    case 'upload': {
      let left = bytes
      socket.on('data', data => {
        left -= data.length
        if (left > 0) return
        left = bytes
        socket.write('k')
      })
      return
    }
    case 'greet':
      // One byte says that this side, too, is done; without it a TLS 1.3 dialler is ready before its certificate has been looked at.
      socket.end('k')
      return
    case 'hold':
      socket.on('data', () => undefined)
  }
}

async function writeAll(socket: TLSSocket, bytes: number): Promise<void> {
  for (let left = bytes; left > 0; left -= chunk.length) {
    if (!socket.write(left >= chunk.length ? chunk : chunk.subarray(0, left))) await once(socket, 'drain')
  }
}

async function dial(identity: Identity, port: number): Promise<TLSSocket> {
  context ??= createSecureContext({ cert: identity.certificatePem, key: identity.keyPem })
  const socket = dialTls({ host, port, secureContext: context, rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  socket.setNoDelay(true)
  return socket
}

let line: TLSSocket | undefined

/** Opens the connection of the rows that use one. */
async function open({ identity, port }: { identity: Identity; port: number }): Promise<void> {
  line = await dial(identity, port)
}

/** Round trips a second of 200 bytes, one after another. */
function pingPong(measureMs: number): Promise<number> {
  const socket = line
  if (socket === undefined) throw new Error('not open')
  const message = Buffer.alloc(messageBytes, 1)
  return new Promise(resolve => {
    let count = 0
    let missing = messageBytes
    const startedAt = performance.now()
    const onData = (data: Buffer): void => {
      missing -= data.length
      if (missing > 0) return
      count++
      missing = messageBytes
      const elapsed = performance.now() - startedAt
      if (elapsed < measureMs) {
        socket.write(message)
        return
      }
      socket.off('data', onData)
      resolve((count / elapsed) * 1000)
    }
    socket.on('data', onData)
    socket.write(message)
  })
}

/** MB a second that the acceptor sends and this side reads with `data` events. */
function download(bytes: number): Promise<number> {
  const socket = line
  if (socket === undefined) throw new Error('not open')
  return new Promise(resolve => {
    let left = bytes
    const startedAt = performance.now()
    const onData = (data: Buffer): void => {
      left -= data.length
      if (left > 0) return
      socket.off('data', onData)
      resolve(bytes / 1e3 / (performance.now() - startedAt))
    }
    socket.on('data', onData)
    socket.write('g')
  })
}

/** MB a second that this side sends and the acceptor reads with `data` events. */
async function upload(bytes: number): Promise<number> {
  const socket = line
  if (socket === undefined) throw new Error('not open')
  const startedAt = performance.now()
  const taken = once(socket, 'data')
  await writeAll(socket, bytes)
  await taken
  return bytes / 1e3 / (performance.now() - startedAt)
}

/** Full mutual handshakes a second, several at a time; with `greeting` each says that first. The acceptor’s first byte ends each. */
async function handshakes({
  identity,
  port,
  count,
  parallel,
  greeting,
}: {
  identity: Identity
  port: number
  count: number
  parallel: number
  greeting?: string
}): Promise<number> {
  let left = count
  const startedAt = performance.now()
  const work = async (): Promise<void> => {
    while (left-- > 0) {
      const socket = await dial(identity, port)
      const answered = once(socket, 'data')
      if (greeting !== undefined) socket.write(greeting)
      await answered
      socket.end()
      await once(socket, 'close')
    }
  }
  await Promise.all(Array.from({ length: parallel }, work))
  return (count / (performance.now() - startedAt)) * 1000
}

/** Opens connections and leaves them idle, several at a time; with `greeting` each first says that, numbered, and waits for an answer. */
async function hold({
  identity,
  port,
  count,
  greeting,
  parallel = 1,
}: {
  identity: Identity
  port: number
  count: number
  greeting?: string
  parallel?: number
}): Promise<void> {
  let begun = 0
  const work = async (): Promise<void> => {
    while (begun < count) {
      const number = begun++
      const socket = await dial(identity, port)
      socket.on('error', () => socket.destroy())
      held.push(socket)
      if (greeting === undefined) continue
      const answered = once(socket, 'data')
      socket.write(greeting.replaceAll('#', String(number)))
      await answered
    }
  }
  await Promise.all(Array.from({ length: parallel }, work))
}

answer({ listen, open, pingPong, download, upload, handshakes, hold, rss, cpu })
