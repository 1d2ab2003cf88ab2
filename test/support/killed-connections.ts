import { int64, method, service } from '@halibut-gateway/schemas/contract'
import { expect } from 'vitest'
import { HalibutError } from '../../server/src/base/errors.ts'
import { cuttingRelay, seededRandom } from './cutting-relay.ts'
import { createRuntime } from './world.ts'

const journalService = service('IJournalService', { Note: method([['entry', int64]], int64) })

export interface KilledConnectionsResult {
  readonly answered: number
  readonly notSent: number
  readonly unknown: number
  readonly connections: number
  readonly killed: number
}

/**
 * Many calls over one polling agent whose connections die at random places, in the handshake as well as in any message. The agent keeps
 * a journal of what it executed; every call ends exactly once, and what its error says about delivery is held against the journal.
 */
export async function callWhileConnectionsDie(calls: number, atOnce: number, seed: number): Promise<KilledConnectionsResult> {
  const random = seededRandom(seed)
  const journal = new Map<number, number>()
  await using client = createRuntime('client', { trust: [] })
  await using agent = createRuntime('agent', { limits: { pollingReconnectMinMs: 1, pollingReconnectMaxMs: 5 } })
  client.trust(agent.thumbprint)
  agent.addService(journalService, {
    Note(number) {
      const entry = Number(number)
      journal.set(entry, (journal.get(entry) ?? 0) + 1)
      return number
    },
  })
  const { port } = await client.listen({ host: '127.0.0.1' })
  // A handshake takes about 3,500 bytes and a call 900: most connections die within ten calls, some in the handshake.
  await using relay = await cuttingRelay(port, () => Math.floor(random() * 12_000), random)
  agent.poll({ subscription: 'poll://journal/', endpoint: { uri: `https://127.0.0.1:${relay.port}/`, thumbprint: client.thumbprint } })
  const proxy = client.createClient(journalService, { uri: 'poll://journal/', thumbprint: agent.thumbprint })

  let requestsSent = 0
  client.on('message', event => {
    if (event.direction === 'sent' && event.documentBytes > 14) requestsSent++
  })
  const endings = new Map<number, number>()
  let answered = 0
  let notSent = 0
  let unknown = 0
  let next = 0
  async function caller(): Promise<void> {
    for (let entry = next++; entry < calls; entry = next++) {
      try {
        expect(await proxy.Note(entry)).toBe(BigInt(entry))
        answered++
        expect(journal.get(entry)).toBe(1)
      } catch (why) {
        if (!(why instanceof HalibutError)) throw why
        if (why.delivery === 'not_sent') {
          notSent++
          expect(journal.has(entry), `call ${entry} was executed, and its error says not_sent: ${why.message}`).toBe(false)
        } else {
          expect(why.delivery).toBe('unknown')
          unknown++
        }
      }
      endings.set(entry, (endings.get(entry) ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, caller))

  expect(endings.size).toBe(calls)
  expect([...endings.values()].every(count => count === 1)).toBe(true)
  expect([...journal.values()].every(count => count === 1)).toBe(true)
  expect(answered + unknown).toBeLessThanOrEqual(requestsSent)
  return { answered, notSent, unknown, connections: relay.connections, killed: relay.killed }
}
