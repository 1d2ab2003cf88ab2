import { createHash } from 'node:crypto'
import { certificateFromPem, DataStream, HalibutRuntime } from '@halibut-gateway/server'
import { generate, watchMemory } from './big-content.ts'
import { logEntry } from './log-entry.ts'
import { streamService } from './stream-contract.ts'

/** A listening agent in a process of its own: it gets its identity and whom to trust, and tells its port. Ends when its parent does. */
process.once('message', (start: { certificatePem: string; keyPem: string; trust: string }) => {
  const memory = watchMemory()
  const agent = new HalibutRuntime({ certificate: certificateFromPem(start), trust: [start.trust] })
  agent.addService(streamService, {
    async Digest(content) {
      const hash = createHash('sha256')
      await content.pump(chunk => {
        hash.update(chunk)
        return undefined
      })
      return hash.digest('hex')
    },
    Generate: length => DataStream.fromIterable(Number(length), () => generate(Number(length))),
    Log: (entries, chars) => ({ Entries: Array.from({ length: Number(entries) }, (_, i) => logEntry(i, Number(chars))), Next: entries }),
    PeakMemory: () => BigInt(memory.peak()),
  })
  process.once('disconnect', () => {
    memory.stop()
    void agent.close()
  })
  void agent.listen({ host: '127.0.0.1' }).then(({ port }) => process.send?.({ port }))
})
