import { method, service, string } from '@halibut-gateway/schemas/contract'
import type { CallPhase, CallSnapshot } from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { GatewayError } from '../../client-sdk/src/index.ts'
import { createRealGateway } from '../support/real-gateway.ts'

const echo = service('IEcho', { Say: method([['text', string]], string), Fail: method([['text', string]], string) })

function host(agent: Parameters<Parameters<typeof createRealGateway>[0]['host']>[0]): void {
  agent.addService(echo, {
    Say: text => text,
    Fail: text => {
      throw new Error(text)
    },
  })
}

const names = (phases: readonly CallPhase[] | undefined): string[] => (phases ?? []).map(({ phase }) => phase)

/** They follow one another, and end no later than the call did. */
function expectOrder(phases: readonly CallPhase[], durationMs: number): void {
  let end = 0
  for (const { atMs, durationMs: ms = Number.NaN } of phases) {
    expect(atMs).toBeGreaterThanOrEqual(end - 0.02)
    expect(ms).toBeGreaterThanOrEqual(0)
    end = atMs + ms
  }
  expect(end).toBeLessThanOrEqual(durationMs + 0.02)
}

test.each(['listening', 'polling'] as const)(
  'a call with a key to a %s agent tells what took how long, and one without tells nothing',
  async mode => {
    await using gateway = await createRealGateway({ contracts: [echo], host, mode })
    const agent = gateway.client().agent('web-1')
    const { phases, durationMs } = await agent.invoke('IEcho', 'Say', ['a'], { idempotencyKey: 'one' })
    expect(names(phases)).toContain('execute')
    expect(names(phases).at(-1)).toBe('response')
    expect(names(phases).includes('connect')).toBe(mode === 'listening')
    expectOrder(phases ?? [], durationMs)
    expect(await agent.invoke('IEcho', 'Say', ['a'])).not.toHaveProperty('phases')

    const failed: unknown = await agent.invoke('IEcho', 'Fail', ['no'], { idempotencyKey: 'two' }).catch((error: unknown) => error)
    if (!(failed instanceof GatewayError)) throw new Error('it did not fail')
    expect(names(failed.phases)).toContain('execute')
    expect(failed.remote?.message).toContain('no')
  },
)

test('each attempt to reach an agent that refuses is told, to who watches and in the error', async () => {
  await using gateway = await createRealGateway({
    contracts: [echo],
    host,
    limits: { retryListeningSleepIntervalMs: 1, retryCountLimit: 3 },
  })
  gateway.directory.add({ id: 'gone-1', uri: 'https://127.0.0.1:1/', thumbprint: 'A'.repeat(40), services: ['IEcho'] })
  const client = gateway.client()
  const seen: CallSnapshot[] = []
  const stop = new AbortController()
  const watched = (async () => {
    for await (const event of client.watchCalls({ signal: stop.signal })) if ('call' in event) seen.push(event.call)
  })()
  const failed: unknown = await client
    .agent('gone-1')
    .invoke('IEcho', 'Say', ['a'], { idempotencyKey: 'three' })
    .catch((error: unknown) => error)
  if (!(failed instanceof GatewayError)) throw new Error('it did not fail')
  expect(failed.kind).toBe('connect_refused')
  const attempts = (failed.phases ?? []).filter(({ phase }) => phase === 'connect')
  expect(attempts.map(({ failed: why }) => why?.kind)).toEqual(['connect_refused', 'connect_refused', undefined])
  await expect.poll(() => seen.at(-1)?.state).toBe('failed')
  expect(seen.every(({ idempotencyKey }) => idempotencyKey === 'three')).toBe(true)
  expect(seen.some(({ state, phases }) => state === 'queued' && phases?.some(each => each.failed))).toBe(true)
  expect(seen.at(-1)?.phases).toEqual(failed.phases)
  stop.abort()
  await watched.catch(() => undefined)
})
