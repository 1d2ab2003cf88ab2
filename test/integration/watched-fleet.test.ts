import { setImmediate as turn } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { AgentEvent } from '@halibut-gateway/schemas'
import { facadeLimits } from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { createClient, type WebSocketLike } from '../../client-sdk/src/index.ts'
import { type AgentDirectory, snapshotOf } from '../../server/src/fleet/agent-directory.ts'
import { createGatewayWorld } from '../support/gateway.ts'

const { itemCredit, ackChars } = facadeLimits
const fleet = 800

function addFleet(directory: AgentDirectory): void {
  for (let i = 0; i < fleet; i++) directory.add({ id: `w${i}`, uri: `poll://w${i}/`, thumbprint: 'B'.repeat(40) })
}

/** Every agent changes its state, and tells in which round that was. */
function flap(directory: AgentDirectory, round: number): void {
  for (let i = 0; i < fleet; i++) {
    directory.report(`w${i}`, round % 2 === 0 ? { type: 'gone', why: `round ${round}` } : { type: 'reached', how: `round ${round}` })
  }
}

function statesOf(directory: AgentDirectory): unknown {
  return Object.fromEntries(directory.ids().map(id => [id, snapshotOf(directory.require(id))]))
}

test('a watcher with little credit gets no more than that, and then the newest state of each of hundreds of agents once', async () => {
  await using world = await createGatewayWorld()
  addFleet(world.directory)
  const socket = await world.open()
  const nextItem = async (): Promise<{ sequence: number; item: AgentEvent; chars: number }> => {
    const message = (await socket.next()) as { params: { sequence: number; item: AgentEvent } }
    return { ...message.params, chars: JSON.stringify(message).length }
  }
  socket.send({ jsonrpc: '2.0', id: 'w', method: 'agents.watch' })
  let round = 0
  for (let taken = 0; taken < itemCredit; taken++) {
    flap(world.directory, round++)
    const { sequence, chars } = await nextItem()
    expect([sequence, chars < 1.2 * ackChars]).toEqual([taken + 1, true])
  }
  // The credit is used up: whatever happens now, the answer to a ping is what comes next.
  for (let i = 0; i < 50; i++) {
    flap(world.directory, round++)
    await turn()
  }
  world.directory.remove('a1')
  socket.send({ jsonrpc: '2.0', method: '$/ping' })
  expect(await socket.next()).toMatchObject({ method: '$/ping' })
  const credit = { jsonrpc: '2.0', method: '$/progress/credit', params: { id: 'w', sequence: itemCredit + 100 } }
  socket.send(credit)
  const told: string[] = []
  while (told.length < fleet + 1) {
    const { item } = await nextItem()
    if (item.type === 'removed') told.push(...item.ids)
    else {
      for (const agent of item.agents) expect(agent).toEqual(snapshotOf(world.directory.require(agent.id)))
      told.push(...item.agents.map(({ id }) => id))
    }
  }
  expect(new Set(told).size).toBe(fleet + 1)
  socket.send({ jsonrpc: '2.0', method: '$/ping' })
  expect(await socket.next()).toMatchObject({ method: '$/ping' })
})

test('a slow loop over hundreds of agents that flap while its socket is lost ends up with what is true', async () => {
  await using world = await createGatewayWorld()
  addFleet(world.directory)
  const sockets: WebSocket[] = []
  await using client = createClient({
    url: world.origin,
    token: world.token,
    backoff: { firstMs: 1, maxMs: 5 },
    webSocket: (url, protocols) => {
      const socket = new WebSocket(url, protocols)
      sockets.push(socket)
      return socket as unknown as WebSocketLike
    },
  })
  const known = new Map<string, unknown>()
  let items = 0
  let snapshots = 0
  const readUntil = async (isThere: () => boolean): Promise<void> => {
    for (let next = await events.next(); !next.done; next = await events.next()) {
      items++
      const event = next.value
      if (event.type === 'snapshot') {
        snapshots++
        known.clear()
      }
      if (event.type === 'removed') for (const id of event.ids) known.delete(id)
      else for (const agent of event.agents) known.set(agent.id, agent)
      if (isThere()) return
    }
  }
  const isCurrent = (): boolean => isDeepStrictEqual(Object.fromEntries(known), statesOf(world.directory))
  const events = client.watchAgents()
  await readUntil(() => known.size === fleet + 1)
  let round = 0
  for (let cut = 0; cut < 3; cut++) {
    for (let i = 0; i < 10; i++) {
      flap(world.directory, round++)
      if (i === 5) sockets.at(-1)?.terminate()
      await turn()
    }
    await readUntil(isCurrent)
  }
  expect(Object.fromEntries(known)).toEqual(statesOf(world.directory))
  expect([snapshots, sockets.length]).toEqual([1, 4])
  expect(items).toBeLessThan(100)
  await events.return()
})
