// The product’s runtime, as a service and as a caller.

import type { HalibutRuntime as Runtime } from '../../../server/src/runtime/runtime.ts'
import { benchContract as contract } from '../bench-contract.ts'
import { callsPerSecond } from '../calls-per-second.ts'
import type { Identity } from '../identities.ts'
import { answer } from '../peer.ts'
import { product } from '../product.ts'
import { cpu, rss } from '../usage.ts'

const { HalibutRuntime } = await product('runtime/runtime')
const { certificateFromPem } = await product('runtime/certificates')
const { DataStream } = await product('codec/data-stream')

const host = '127.0.0.1'
const chunk = Buffer.alloc(64 * 1024, 7)

let runtime: Runtime | undefined

function create({ identity, trust }: { identity: Identity; trust: string }): void {
  runtime = new HalibutRuntime({
    certificate: certificateFromPem({ certificatePem: identity.certificatePem, keyPem: identity.keyPem }),
    trust: [trust],
    // No row waits this long; a message to keep an idle agent awake would only add noise.
    limits: { pollingQueueWaitTimeoutMs: 600_000 },
  })
}

function current(): Runtime {
  if (runtime === undefined) throw new Error('there is no runtime')
  return runtime
}

async function listen(): Promise<number> {
  return (await current().listen({ host, port: 0 })).port
}

function* repeat(bytes: number): Generator<Uint8Array> {
  for (let left = bytes; left > 0; left -= chunk.length) yield left >= chunk.length ? chunk : chunk.subarray(0, left)
}

function contentOf(bytes: number): InstanceType<typeof DataStream> {
  return DataStream.fromIterable(bytes, () => repeat(bytes))
}

async function read(stream: InstanceType<typeof DataStream>): Promise<number> {
  let total = 0
  await stream.pump(part => {
    total += part.byteLength
    return undefined
  })
  return total
}

let tellBegun = (): void => undefined
let tellEnded = (_atMs: number): void => undefined
let ended: Promise<number> | undefined

/** Resolves when a call of Hang has begun. */
function hanging(): Promise<void> {
  ended = new Promise(resolve => {
    tellEnded = resolve
  })
  return new Promise(resolve => {
    tellBegun = resolve
  })
}

/** When the connection of that call ended, in milliseconds since 1970. */
function hungUp(): Promise<number> {
  if (!ended) throw new Error('nobody asked for it')
  return ended
}

function serve(): void {
  current().addService(contract, {
    Echo: text => text,
    Download: bytes => contentOf(Number(bytes)),
    Upload: async content => BigInt(await read(content)),
    Hang: context =>
      new Promise((_, reject) => {
        tellBegun()
        context.signal.addEventListener('abort', () => {
          tellEnded(performance.timeOrigin + performance.now())
          reject(new Error('nobody waits'))
        })
      }),
  })
}

function poll({ subscription, port, thumbprint }: { subscription: string; port: number; thumbprint: string }): void {
  current().poll({ subscription, endpoint: { uri: `https://${host}:${port}/`, thumbprint } })
}

interface Target {
  readonly uri: string
  readonly thumbprint: string
}

/** Calls a second, one after another. */
function calls({ uri, thumbprint, measureMs, callers }: Target & { measureMs: number; callers: number }): Promise<number> {
  const client = current().createClient(contract, { uri, thumbprint })
  const text = 'x'.repeat(50)
  return callsPerSecond(() => client.Echo(text), measureMs, callers)
}

async function download({ uri, thumbprint, bytes }: Target & { bytes: number }): Promise<number> {
  const client = current().createClient(contract, { uri, thumbprint })
  const startedAt = performance.now()
  const taken = await read(await client.Download(BigInt(bytes)))
  if (taken !== bytes) throw new Error(`${taken} bytes arrived, not ${bytes}`)
  return bytes / 1e3 / (performance.now() - startedAt)
}

async function upload({ uri, thumbprint, bytes }: Target & { bytes: number }): Promise<number> {
  const client = current().createClient(contract, { uri, thumbprint })
  const startedAt = performance.now()
  const taken = await client.Upload(contentOf(bytes))
  if (taken !== BigInt(bytes)) throw new Error(`${taken} bytes arrived, not ${bytes}`)
  return bytes / 1e3 / (performance.now() - startedAt)
}

/** Connections a second that were dialled, checked against the pin, identified on both sides and ended, several at a time. */
async function connections({ uri, thumbprint, count, parallel }: Target & { count: number; parallel: number }): Promise<number> {
  let left = count
  const startedAt = performance.now()
  const work = async (): Promise<void> => {
    while (left-- > 0) await current().probe({ uri, thumbprint }, { timeoutMs: 20_000 })
  }
  await Promise.all(Array.from({ length: parallel }, work))
  return (count / (performance.now() - startedAt)) * 1000
}

function subscribers(): number {
  return current().subscribers().length
}

answer({ create, listen, serve, poll, calls, download, upload, connections, subscribers, hanging, hungUp, rss, cpu })
