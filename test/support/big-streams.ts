import { fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { DataStream } from '../../server/src/codec/data-stream.ts'
import { generate, generatedDigest, watchMemory } from './big-content.ts'
import { testIdentity } from './certificates.ts'
import { streamService } from './stream-contract.ts'
import { createRuntime } from './world.ts'

const mebibyte = 1024 * 1024

/** Sends and fetches `length` bytes between two processes: digests must be equal and neither process may grow by more than 64 MiB. */
export async function moveBigStreams(length: number): Promise<string> {
  const { certificatePem, keyPem, thumbprint } = testIdentity('agent')
  await using client = createRuntime('client')
  const child = fork(fileURLToPath(new URL('./stream-agent.ts', import.meta.url)), [], {
    execArgv: ['--conditions=@halibut-gateway/source', '--import', 'tsx'],
  })
  const gone = once(child, 'exit')
  const memory = watchMemory()
  try {
    child.send({ certificatePem, keyPem, trust: client.thumbprint })
    const [{ port }] = (await once(child, 'message')) as [{ port: number }]
    const agent = client.createClient(streamService, { uri: `https://127.0.0.1:${port}/`, thumbprint })

    // Both processes warm up first, so that compiled code and socket buffers do not count as growth.
    await agent.Digest(content(32 * mebibyte))
    await (await agent.Generate(BigInt(32 * mebibyte))).pump(() => undefined)
    const expected = generatedDigest(length)
    const ownBefore = rested(memory)
    const agentBefore = Number(await agent.PeakMemory())

    expect(await agent.Digest(content(length))).toBe(expected)
    const hash = createHash('sha256')
    await (await agent.Generate(BigInt(length))).pump(chunk => {
      hash.update(chunk)
      return undefined
    })
    expect(hash.digest('hex')).toBe(expected)

    const ownGrowth = (memory.peak() - ownBefore) / mebibyte
    const agentGrowth = (Number(await agent.PeakMemory()) - agentBefore) / mebibyte
    expect(ownGrowth).toBeLessThanOrEqual(64)
    expect(agentGrowth).toBeLessThanOrEqual(64)
    return `${length / mebibyte} MiB each way, digests equal; RSS grew by ${Math.round(ownGrowth)} MiB (caller) and ${Math.round(agentGrowth)} MiB (agent)`
  } finally {
    memory.stop()
    child.disconnect()
    await gone
  }
}

function content(length: number): DataStream {
  return DataStream.fromIterable(length, () => generate(length))
}

function rested(memory: { peak(): number }): number {
  memory.peak()
  return memory.peak()
}
