import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { expect } from 'vitest'
import { createClient } from '../../client-sdk/src/index.ts'
import type { AgentDirectory } from '../../server/src/fleet/agent-directory.ts'
import { entriesOfSchedule, ScheduleAgent } from './facade-schedule-agent.ts'
import { AgentHistory } from './facade-schedule-watches.ts'
import { runSchedule, schedules, type Tally } from './facade-schedules.ts'
import { SocketGateway } from './facade-socket-gateway.ts'
import { SocketRecord } from './facade-socket-record.ts'
import { MemoryGateway } from './memory-gateway.ts'

/** Random schedules over the shipped SDK, sessions and dispatcher, with sockets in memory. */
export async function runInMemory(numRuns: number): Promise<string> {
  const total = new Map<string, number>()
  await fc.assert(
    fc.asyncProperty(schedules, async steps => {
      const agent = new ScheduleAgent()
      const gateway = new MemoryGateway(agent.mesh)
      const record = new SocketRecord()
      const history = new AgentHistory(gateway.directory)
      const client = createClient({
        url: 'http://gateway.test/',
        webSocket: record.of(() => gateway.connect()),
        backoff: { firstMs: 0, maxMs: 1 },
      })
      try {
        const tally = await runSchedule(
          {
            client,
            agent,
            record,
            history,
            firstEntry: 0,
            change: changes(gateway.directory),
            cut: noticed => gateway.cut(noticed),
            restart: graceful => {
              record.restarted()
              gateway.restart(graceful)
              agent.loseConnections()
            },
            turn: () => turn(),
            patience: { turns: 20_000, ms: 0 },
          },
          steps,
        )
        add(total, tally)
      } finally {
        client.close()
        gateway.close()
        history.close()
      }
    }),
    { numRuns },
  )
  return told(`${numRuns} schedules in memory`, total)
}

/** The same over real sockets to a gateway with a real agent. */
export async function runOverSockets(numRuns: number): Promise<string> {
  const total = new Map<string, number>()
  const agents: ScheduleAgent[] = []
  let current = new ScheduleAgent()
  await using gateway = await SocketGateway.create(
    entry => agents[Math.floor(entry / entriesOfSchedule)] ?? current,
    (type, listener) => current.on(type, listener),
  )
  await fc.assert(
    fc.asyncProperty(schedules, async steps => {
      // Each schedule has numbers of its own, so that nothing of the one before can be taken for its.
      const agent = new ScheduleAgent()
      const firstEntry = agents.push(agent) * entriesOfSchedule - entriesOfSchedule
      current = agent
      const record = new SocketRecord()
      const history = new AgentHistory(gateway.directory)
      const client = createClient({
        url: 'http://gateway.test/',
        token: gateway.token,
        tickets: false,
        backoff: { firstMs: 0, maxMs: 2 },
        webSocket: record.of(gateway.connect),
      })
      try {
        const tally = await runSchedule(
          {
            client,
            agent,
            record,
            history,
            firstEntry,
            change: changes(gateway.directory),
            cut: () => gateway.cut(),
            restart: graceful => gateway.restart(graceful, () => record.restarted()),
            turn: () => stir(record),
            patience: { turns: 0, ms: 10_000 },
          },
          steps,
        )
        add(total, tally)
      } finally {
        client.close()
        history.close()
        await gateway.ready()
      }
    }),
    { numRuns },
  )
  return told(`${numRuns} schedules over sockets to an agent`, total)
}

/** Turns until something came or went, or a while when nothing does. */
async function stir(record: SocketRecord): Promise<void> {
  const { frames } = record
  for (let i = 0; i < 100 && record.frames === frames; i++) await turn()
}

/** Each call changes the agent’s state, to one that it never had. */
function changes(directory: AgentDirectory): () => void {
  let count = 0
  return () => {
    count++
    if (directory.get('a')?.state.at === 'connected') directory.report('a', { type: 'missed', why: `change ${count}` })
    else directory.report('a', { type: 'reached', how: `change ${count}` })
  }
}

function add(total: Map<string, number>, more: Tally): void {
  for (const [name, count] of Object.entries(more)) total.set(name, (total.get(name) ?? 0) + count)
}

/** What happened, in words. Fails where something never happened that the schedules are there for. */
function told(what: string, total: ReadonlyMap<string, number>): string {
  expect([...total].filter(([, count]) => count === 0)).toEqual([])
  return `${what}: ${[...total].map(([name, count]) => `${count} ${name}`).join(', ')}; every request answered once, no call ran twice`
}
