// A client of the gateway in a process of its own: the SDK over the sockets of `ws`.

import { setTimeout as pause } from 'node:timers/promises'
import { subprotocol } from '@halibut-gateway/schemas/wire'
import { WebSocket } from 'ws'
import type * as Sdk from '../../../client-sdk/src/index.ts'
import { benchContract } from '../bench-contract.ts'
import { callsPerSecond } from '../calls-per-second.ts'
import { answer } from '../peer.ts'
import { cpu } from '../usage.ts'

const { createClient } = (await import(new URL('../../../client-sdk/dist/index.js', import.meta.url).href)) as typeof Sdk

const text = 'x'.repeat(50)
const chunk = new Uint8Array(64 * 1024).fill(7)
const held: WebSocket[] = []
let client: Sdk.GatewayClient | undefined

function open({ port, token }: { port: number; token: string }): void {
  client?.close()
  client = createClient({
    url: `http://127.0.0.1:${port}/`,
    token,
    webSocket: (url, protocols) => new WebSocket(url, protocols, { perMessageDeflate: false }) as never,
  })
}

function service() {
  if (!client) throw new Error('not open')
  return client.agent('bench').service(benchContract)
}

/** Calls a second. */
function calls({ measureMs, callers }: { measureMs: number; callers: number }): Promise<number> {
  const { Echo } = service()
  return callsPerSecond(() => Echo(text), measureMs, callers)
}

const pacedPauseMs = 5
let paced: { stopped: boolean; readonly times: number[]; readonly end: Promise<void> } | undefined

/** Calls from now on, with a pause after each: a person’s page, and no load. */
async function startCalls(): Promise<void> {
  const { Echo } = service()
  const times: number[] = []
  const callOn = async (): Promise<void> => {
    while (paced?.times === times && !paced.stopped) {
      const at = performance.now()
      await Echo(text)
      times.push(performance.now() - at)
      await pause(pacedPauseMs)
    }
  }
  await Echo(text)
  paced = { stopped: false, times, end: Promise.resolve().then(callOn) }
}

/** Milliseconds that 99 of 100 of them took at most. */
async function stopCalls(): Promise<number> {
  if (!paced) throw new Error('no calls were started')
  paced.stopped = true
  // One that is under way would end with the gateway, which may be killed next.
  await paced.end
  return ninetyNinth(paced.times)
}

function ninetyNinth(times: number[]): number {
  times.sort((a, b) => a - b)
  return times[Math.floor(times.length * 0.99)] ?? Number.NaN
}

/** Makes so many calls, one after another. */
async function callsOf(count: number): Promise<void> {
  const { Echo } = service()
  for (let i = 0; i < count; i++) await Echo(text)
}

/** Makes so many calls, so many at the same time. */
async function callsAtOnce({ count, callers }: { count: number; callers: number }): Promise<void> {
  await Promise.all(Array.from({ length: callers }, () => callsOf(count / callers)))
}

/** MB a second. */
async function download(bytes: number): Promise<number> {
  const startedAt = performance.now()
  let taken = 0
  for await (const part of await service().Download(BigInt(bytes))) taken += part.byteLength
  if (taken !== bytes) throw new Error(`${taken} bytes arrived, not ${bytes}`)
  return bytes / 1e3 / (performance.now() - startedAt)
}

/** MB a second. */
async function upload(bytes: number): Promise<number> {
  let left = bytes
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (left === 0) return controller.close()
        const size = Math.min(left, chunk.byteLength)
        left -= size
        controller.enqueue(chunk.subarray(0, size))
      },
    },
    { highWaterMark: 0 },
  )
  const startedAt = performance.now()
  const taken = await service().Upload({ stream, length: bytes })
  if (taken !== BigInt(bytes)) throw new Error(`${taken} bytes arrived, not ${bytes}`)
  return bytes / 1e3 / (performance.now() - startedAt)
}

/** Milliseconds that 99 of 100 calls take at most, one after another for `measureMs`; beside a download that is read at 1 MB/s and one that is not read. */
async function slowest({ measureMs, beside }: { measureMs: number; beside: boolean }): Promise<number> {
  const { Echo, Download } = service()
  const bytes = 1024n ** 3n
  const downloads = beside ? [await Download(bytes), await Download(bytes)] : []
  const reader = downloads[0]?.stream().getReader()
  const startedAt = performance.now()
  let reading = reader !== undefined
  const read = async (): Promise<void> => {
    for (let taken = 0; reading; ) {
      const { value } = (await reader?.read()) ?? {}
      taken += value?.byteLength ?? 0
      await pause(Math.max(0, taken / 1_000 - (performance.now() - startedAt)))
    }
  }
  const readingSlowly = read()
  const times: number[] = []
  while (performance.now() - startedAt < measureMs) {
    const at = performance.now()
    await Echo(text)
    times.push(performance.now() - at)
  }
  reading = false
  await readingSlowly
  await reader?.cancel()
  for (const each of downloads) each.cancel()
  return ninetyNinth(times)
}

let hung: Promise<unknown> | undefined
let hangUp = new AbortController()

function hang(): void {
  hangUp = new AbortController()
  hung = service()
    .Hang({ signal: hangUp.signal })
    .catch((why: unknown) => why)
}

/** Cancels that call; when, in milliseconds since 1970. */
async function cancel(): Promise<number> {
  const at = performance.timeOrigin + performance.now()
  hangUp.abort()
  await hung
  return at
}

/** Opens bare sockets, says hello where `hello` is set, and leaves them idle. */
async function hold({ port, token, count, hello }: { port: number; token: string; count: number; hello: boolean }): Promise<void> {
  for (let i = 0; i < count; i++) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/rpc`, [subprotocol, token], { perMessageDeflate: false })
    held.push(socket)
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
    if (!hello) continue
    const answered = new Promise(resolve => socket.once('message', resolve))
    socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'hello', params: { client: { name: 'bench', version: '1' } } }))
    await answered
  }
}

answer({ open, startCalls, stopCalls, calls, callsOf, callsAtOnce, download, upload, slowest, hang, cancel, hold, cpu })
