import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { method, service, string } from '@halibut-gateway/schemas/contract'
import { expect } from 'vitest'
import { createClient, type GatewayClient, GatewayError } from '../../client-sdk/src/index.ts'
import { seededRandom } from './cutting-relay.ts'
import { nodeWebSocket } from './node-websocket.ts'
import { type ServedGateway, serveInProcess } from './served-gateway.ts'
import { createRuntime } from './world.ts'

const counter = service('ICounter', { Count: method([['key', string]], string) })
const callers = 8

/** What came of killing. */
export interface KilledCallsResult {
  readonly kills: number
  /** Calls that were answered before their gateway was killed. */
  readonly acknowledged: number
  /** Of those that were not: what the next gateway said of them when they were sent again. */
  readonly answered: number
  readonly unknown: number
  readonly ranThen: number
}

/** Kills a gateway that calls with idempotency keys are made through, again and again, and sends all of them once more to the next one. */
export async function killUnderKeyedCalls(kills: number, seed: number): Promise<KilledCallsResult> {
  const random = seededRandom(seed)
  const folder = await mkdtemp(join(tmpdir(), 'halibut-killed-calls-'))
  /** How often each key ran at the agent. */
  const runs = new Map<string, number>()
  await using agent = createRuntime('agent', { onUnauthorised: () => 'trust_and_allow' })
  agent.addService(counter, {
    Count: async key => {
      runs.set(key, (runs.get(key) ?? 0) + 1)
      await pause(random() * 5)
      return `${key} ran as number ${runs.size}`
    },
  })
  const { port } = await agent.listen({ host: '127.0.0.1' })
  const [config, contract] = [join(folder, 'settings.json'), join(folder, 'contract.json')]
  await writeFile(contract, JSON.stringify(counter))
  const agents = [{ id: 'counter', uri: `https://127.0.0.1:${port}/`, thumbprint: agent.thumbprint }]
  await writeFile(config, JSON.stringify({ port: 0, agentPort: 0, stateFolder: join(folder, 'state'), contracts: [contract], agents }))
  const result = { acknowledged: 0, answered: 0, unknown: 0, ranThen: 0 }
  let gateway: ServedGateway | undefined
  try {
    gateway = await serveInProcess(config)
    const token = gateway.token ?? ''
    for (let kill = 0; kill < kills; kill++) {
      const sent = await callUntilKilled(gateway, token, `${kill}`, random() * 120)
      gateway = await serveInProcess(config)
      await using client = clientOf(gateway, token)
      for (const [key, value] of sent) {
        const before = runs.get(key) ?? 0
        const again = await count(client, key).catch((why: unknown) => why)
        if (value !== undefined) {
          // What was answered is answered the same, and has run once.
          expect([again, runs.get(key)]).toEqual([value, 1])
          expect(await client.callOutcome(key)).toMatchObject({ state: 'answered', result: { value } })
          result.acknowledged++
        } else if (again instanceof GatewayError) {
          expect(again).toMatchObject({ kind: 'outcome_unknown', delivery: 'unknown' })
          expect(await client.callOutcome(key)).toEqual({ state: 'unknown', reason: 'lost' })
          result.unknown++
        } else if (before === 0) result.ranThen++
        else result.answered++
        expect(runs.get(key) ?? 0).toBeLessThanOrEqual(1)
      }
    }
  } finally {
    await gateway?.[Symbol.asyncDispose]()
    await rm(folder, { recursive: true })
  }
  return { kills, ...result }
}

/** The keys of the calls that were sent until the gateway was killed, so long after its first answer; with what was answered. */
async function callUntilKilled(
  gateway: ServedGateway,
  token: string,
  round: string,
  afterMs: number,
): Promise<Map<string, string | undefined>> {
  const sent = new Map<string, string | undefined>()
  const client = clientOf(gateway, token)
  let isOver = false
  let answered = (): void => undefined
  const first = new Promise<void>(resolve => {
    answered = resolve
  })
  const caller = async (number: number): Promise<void> => {
    for (let i = 0; !isOver; i++) {
      const key = `${round}-${number}-${i}`
      sent.set(key, undefined)
      const value = await count(client, key).catch(() => undefined)
      if (value === undefined) return
      sent.set(key, value)
      answered()
    }
  }
  const calling = Promise.all(Array.from({ length: callers }, (_, number) => caller(number)))
  await first
  await pause(afterMs)
  gateway.signal('SIGKILL')
  expect(await gateway.ended).toMatchObject({ signal: 'SIGKILL' })
  isOver = true
  client.close()
  await calling
  return sent
}

function clientOf({ origin }: ServedGateway, token: string): GatewayClient {
  return createClient({ url: origin, token, webSocket: nodeWebSocket, reconnect: false })
}

function count(client: GatewayClient, key: string): Promise<string> {
  return client.agent('counter').service(counter).Count(key, { idempotencyKey: key })
}
