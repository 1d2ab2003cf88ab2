import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { expect } from 'vitest'
import { createClient } from '../../client-sdk/src/index.ts'
import { seededRandom } from './cutting-relay.ts'
import { PretendAgent, runSchedule, scheduleClient, schedules } from './facade-schedules.ts'
import { flowService, hostFlowService } from './flow-service.ts'
import { MemoryGateway } from './memory-gateway.ts'
import { nodeWebSocket } from './node-websocket.ts'
import { createRealGateway } from './real-gateway.ts'

/** Random schedules over the shipped SDK, sessions and dispatcher, with sockets in memory. */
export async function runInMemory(numRuns: number): Promise<string> {
  let calls = 0
  let sessions = 0
  await fc.assert(
    fc.asyncProperty(schedules, async steps => {
      const agent = new PretendAgent()
      const gateway = new MemoryGateway(agent.mesh)
      const client = scheduleClient(() => gateway.connect())
      let changes = 0
      try {
        await runSchedule(
          {
            client,
            journal: agent.journal,
            finish: fails => agent.finish(fails),
            change: () => gateway.directory.report('a', { type: changes++ % 2 === 0 ? 'missed' : 'reached', why: 'x', how: 'x' }),
            cut: () => gateway.cut(),
            restart: () => gateway.restart(),
            turn: () => turn(),
          },
          steps,
        )
        for (const [request, texts] of gateway.responses) expect(texts.size, `request ${request} was answered in two ways`).toBe(1)
        calls += agent.journal.size
        sessions += new Set([...gateway.responses.keys()].map(key => key.split(' ')[0])).size
      } finally {
        client.close()
        gateway.close()
      }
    }),
    { numRuns },
  )
  return `${numRuns} schedules in memory: ${calls} calls ran, none twice; ${sessions} sessions answered`
}

/** The same over real sockets to a gateway with a real agent, whose calls answer by themselves. */
export async function runOverSockets(numRuns: number): Promise<string> {
  const random = seededRandom(numRuns)
  let ran = 0
  const journal = new Map<number, number>()
  const runs = { number: 0 }
  await using gateway = await createRealGateway({ host: agent => hostJournal(agent, journal), contracts: [flowService], id: 'a' })
  await fc.assert(
    fc.asyncProperty(schedules, async steps => {
      // Each schedule has numbers of its own, since the journal belongs to all.
      const offset = ++runs.number * 8
      const sockets = new Set<{ terminate(): void }>()
      const client = createClient({
        url: gateway.origin,
        token: gateway.token,
        tickets: false,
        backoff: { firstMs: 0, maxMs: 2 },
        webSocket: (url, protocols) => {
          const socket = nodeWebSocket(url, protocols)
          sockets.add(socket as never)
          return socket
        },
      })
      const cut = (): void => {
        for (const socket of sockets) socket.terminate()
        sockets.clear()
      }
      const shifted = steps.map(step => ('entry' in step ? { ...step, entry: step.entry + offset } : step))
      try {
        await runSchedule(
          {
            client,
            journal,
            finish: () => undefined,
            change: () => gateway.directory.report('a', { type: random() < 0.5 ? 'missed' : 'reached', why: 'x', how: 'x' }),
            cut,
            restart: () => gateway.sessions.close('going_away'),
            turn: () => turn(),
          },
          shifted,
        )
      } finally {
        client.close()
      }
      ran = journal.size
    }),
    { numRuns },
  )
  return `${numRuns} schedules over sockets to an agent: ${ran} calls ran, none twice`
}

function hostJournal(agent: Parameters<typeof hostFlowService>[0], journal: Map<number, number>): void {
  hostFlowService(
    agent,
    () => undefined,
    entry => {
      journal.set(entry, (journal.get(entry) ?? 0) + 1)
    },
  )
}
