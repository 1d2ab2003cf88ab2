// Plain HTTP of Node: a server that gives and takes content, and a client on one connection that stays open.
import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answer } from '../peer.ts'

const host = '127.0.0.1'
const chunk = Buffer.alloc(64 * 1024, 7)
const agent = new Agent({ keepAlive: true, maxSockets: 1 })
let port = 0

async function listen(bytes: number): Promise<number> {
  const server = createServer((asked, response) => {
    if (asked.method === 'PUT') void taken(asked).then(count => response.end(String(count)))
    else void writeAll(response, bytes).then(() => response.end())
  })
  server.listen(0, host)
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

interface Sink {
  write(piece: Buffer): boolean
  once(event: 'drain', listener: () => void): unknown
}

async function writeAll(sink: Sink, bytes: number): Promise<void> {
  for (let left = bytes; left > 0; left -= chunk.length) {
    if (!sink.write(left >= chunk.length ? chunk : chunk.subarray(0, left))) await new Promise<void>(resolve => sink.once('drain', resolve))
  }
}

async function taken(content: IncomingMessage): Promise<number> {
  let bytes = 0
  content.on('data', (piece: Buffer) => {
    bytes += piece.length
  })
  await once(content, 'end')
  return bytes
}

/** The port to ask at. */
function open(at: number): void {
  port = at
}

/** MB a second. */
async function download(bytes: number): Promise<number> {
  const startedAt = performance.now()
  const asked = request({ host, port, agent }).end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  const count = await taken(response)
  if (count !== bytes) throw new Error(`${count} bytes arrived, not ${bytes}`)
  return bytes / 1e3 / (performance.now() - startedAt)
}

/** MB a second. */
async function upload(bytes: number): Promise<number> {
  const startedAt = performance.now()
  const asked = request({ host, port, agent, method: 'PUT', headers: { 'content-length': bytes } })
  const answered = once(asked, 'response')
  await writeAll(asked, bytes)
  asked.end()
  const [response] = (await answered) as [IncomingMessage]
  await taken(response)
  return bytes / 1e3 / (performance.now() - startedAt)
}

answer({ listen, open, download, upload })
