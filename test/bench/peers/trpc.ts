// tRPC over one WebSocket: a query of 50 characters each way, with no process behind it.

import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createTRPCClient, createWSClient, wsLink } from '@trpc/client'
import { initTRPC } from '@trpc/server'
import { applyWSSHandler } from '@trpc/server/adapters/ws'
import { WebSocket, WebSocketServer } from 'ws'
import { callsPerSecond } from '../calls-per-second.ts'
import { answer } from '../peer.ts'

const host = '127.0.0.1'
const text = 'x'.repeat(50)
const t = initTRPC.create()
const router = t.router({ echo: t.procedure.input((value: unknown) => String(value)).query(({ input }) => input) })

let client: ReturnType<typeof createTRPCClient<typeof router>> | undefined

async function listen(): Promise<number> {
  const wss = new WebSocketServer({ host, port: 0, perMessageDeflate: false })
  applyWSSHandler({ wss, router })
  await once(wss, 'listening')
  return (wss.address() as AddressInfo).port
}

function open(port: number): void {
  const wsClient = createWSClient({ url: `ws://${host}:${port}`, WebSocket: WebSocket as never })
  client = createTRPCClient<typeof router>({ links: [wsLink({ client: wsClient })] })
}

/** Calls a second. */
function calls({ measureMs, callers }: { measureMs: number; callers: number }): Promise<number> {
  const { echo } = client ?? {}
  if (!echo) throw new Error('not open')
  return callsPerSecond(() => echo.query(text), measureMs, callers)
}

answer({ listen, open, calls })
