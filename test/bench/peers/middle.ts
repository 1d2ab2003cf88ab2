// Two hops without a product: a WebSocket client, a process in the middle that reads and writes JSON, and mutual TLS to an echo behind it.

import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect as dialTls } from 'node:tls'
import { WebSocket, WebSocketServer } from 'ws'
import { callsPerSecond } from '../calls-per-second.ts'
import type { Identity } from '../identities.ts'
import { answer } from '../peer.ts'
import { cpu, rss } from '../usage.ts'

const host = '127.0.0.1'
const text = 'x'.repeat(50)

/** What is said first where it is asked whether the other side is ready. */
const question = 'NEXT'

/**
 * The process in the middle; with an echo behind it it hands each call on as a line of JSON. With `asksFirst` a line goes there and back
 * before each call, as the protocol of listening agents demands.
 */
async function listen({
  identity,
  echoPort,
  asksFirst = false,
}: {
  identity?: Identity
  echoPort?: number
  asksFirst?: boolean
}): Promise<number> {
  const server = new WebSocketServer({ host, port: 0, perMessageDeflate: false })
  await once(server, 'listening')
  const waiting = new Map<number, (result: string) => void>()
  const asking: string[] = []
  let behind: ReturnType<typeof dialTls> | undefined
  if (identity && echoPort !== undefined) {
    behind = dialTls({ host, port: echoPort, cert: identity.certificatePem, key: identity.keyPem, rejectUnauthorized: false })
    await once(behind, 'secureConnect')
    behind.setNoDelay(true)
    let rest = ''
    behind.on('data', (data: Buffer) => {
      const lines = (rest + data.toString('latin1')).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        if (line === question) {
          behind?.write(asking.shift() ?? '')
          continue
        }
        const { id, params } = JSON.parse(line) as { id: number; params: [string] }
        waiting.get(id)?.(params[0])
        waiting.delete(id)
      }
    })
  }
  server.on('connection', socket => {
    socket.on('message', data => {
      const { id, params } = JSON.parse(String(data)) as { id: number; params: { args: [string] } }
      waiting.set(id, result => socket.send(JSON.stringify({ jsonrpc: '2.0', id, result: { value: result, signature: 'Echo(string)' } })))
      const request = `${JSON.stringify({ id, service: 'IBenchService', method: 'Echo', params: params.args })}\n`
      if (asksFirst) asking.push(request)
      behind?.write(asksFirst ? `${question}\n` : request)
    })
  })
  return (server.address() as AddressInfo).port
}

let socket: WebSocket | undefined
const answers = new Map<number, (value: string) => void>()
let lastId = 0

async function open(port: number): Promise<void> {
  socket = new WebSocket(`ws://${host}:${port}`, { perMessageDeflate: false })
  await once(socket, 'open')
  socket.on('message', data => {
    const { id, result } = JSON.parse(String(data)) as { id: number; result: { value: string } }
    answers.get(id)?.(result.value)
    answers.delete(id)
  })
}

function call(): Promise<string> {
  const id = ++lastId
  const params = { agent: 'bench', service: 'IBenchService', method: 'Echo(string)', args: [text] }
  socket?.send(JSON.stringify({ jsonrpc: '2.0', id, method: 'agent.invoke', params }))
  return new Promise(resolve => answers.set(id, resolve))
}

/** Calls a second. */
function calls({ measureMs, callers }: { measureMs: number; callers: number }): Promise<number> {
  return callsPerSecond(call, measureMs, callers)
}

/** Makes so many calls, one after another. */
async function callsOf(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await call()
}

answer({ listen, open, calls, callsOf, cpu, rss })
