import { deferred } from '../../server/src/base/deferred.ts'
import type { Limits } from '../../server/src/base/limits.ts'
import type { HalibutRuntime } from '../../server/src/runtime/runtime.ts'
import type { BsonTree } from './bson-tree.ts'
import { testIdentity } from './certificates.ts'
import { dialRaw, listenRaw } from './raw-peer.ts'
import { type Cutter, playConnection } from './replay-transcript.ts'
import { addSampleServices } from './sample-services.ts'
import type { RecordedConnection, Transcript } from './transcripts.ts'
import { createRuntime } from './world.ts'

export interface ServiceReplay {
  readonly cut: Cutter
  readonly beforeConnection?: ((runtime: HalibutRuntime, index: number) => void) | undefined
  /** Stands for the recorded responses. */
  readonly expectResponse?: ((tree: BsonTree) => void) | undefined
  /** Recorded texts for which ours are others. */
  readonly instead?: Readonly<Record<string, string>> | undefined
}

/** The limits of the recordings, but shorter. */
const limitsOf: Readonly<Record<string, Partial<Limits>>> = {
  'listening-service-idle-timeout': { tcpClientReceiveTimeoutMs: 250 },
  'listening-stream-size-mismatch-sent': { tcpClientReceiveTimeoutMs: 250 },
}

/** How `Slow` takes its time: not at all, until its caller has gone, or until it runs twice. */
const slowUntil: Readonly<Record<string, 'cut off' | 'two run'>> = {
  'listening-cancel-in-flight': 'cut off',
  'listening-service-response-timeout': 'cut off',
  'polling-cancel-in-flight': 'cut off',
  'listening-parallel': 'two run',
}

/** Our runtime hosts the sample services, and the recorded bytes of the caller come to it. Resolves with what it wrote beyond the recording. */
export async function replayToService(transcript: Transcript, replay: ServiceReplay): Promise<Buffer[]> {
  const { name, mode, connections } = transcript
  const caller = testIdentity('peer')
  await using runtime = createRuntime('runtime', {
    corlib: 'System.Private.CoreLib',
    trust: name === 'listening-untrusted-client' ? [] : [caller.thumbprint],
    limits: limitsOf[name] ?? {},
  })
  hostSampleServices(runtime, slowUntil[name])
  const options = {
    ...replay,
    side: mode === 'listening' ? 'dialler' : 'acceptor',
    caller: mode === 'listening' ? 'dialler' : 'acceptor',
  } as const
  if (mode === 'polling') {
    await using listener = await listenRaw({ certificate: caller })
    const polling = runtime.poll({
      subscription: 'poll://SQ-TENTAPOLL',
      endpoint: { uri: `https://localhost:${listener.port}/`, thumbprint: caller.thumbprint },
    })
    const left: Buffer[] = []
    for (const connection of connections) {
      const onEnding = connection === connections.at(-1) ? () => void polling.close() : undefined
      left.push(await playConnection(await listener.accept(), connection, { ...options, onEnding }))
    }
    await polling.close()
    return left
  }
  const { port } = await runtime.listen()
  const play = async (connection: RecordedConnection, index: number): Promise<Buffer> => {
    replay.beforeConnection?.(runtime, index)
    await using raw = await dialRaw(port, connection.diallerPresentedCertificate ? { certificate: caller } : {})
    return await playConnection(raw, connection, options)
  }
  if (name === 'listening-parallel') return await Promise.all(connections.map(play))
  const left: Buffer[] = []
  for (const [index, connection] of connections.entries()) left.push(await play(connection, index))
  return left
}

/** The sample services, where nothing takes time. */
export function hostSampleServices(runtime: HalibutRuntime, slow?: 'cut off' | 'two run'): void {
  let running = 0
  const two = deferred<void>()
  const Slow = async (ms: bigint, { signal }: { signal: AbortSignal }): Promise<string> => {
    if (slow === 'cut off') await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }))
    if (slow === 'two run') {
      if (++running === 2) two.resolve()
      await two.promise
    }
    return `slept ${ms}`
  }
  addSampleServices((contract, implementation, options) => {
    const ours: object = contract.service === 'IEchoService' ? { ...(implementation as object), Slow } : implementation
    runtime.addService(contract, ours as never, options)
  })
}
