import { expect, test } from 'vitest'
import { flowService, hostFlowService, type WaitingCall } from '../support/flow-service.ts'
import { createRealGateway } from '../support/real-gateway.ts'

/** Two browsers of one principal that make the same call under one key; it runs at the agent when this resolves. */
async function createJoinedCalls(cancel: 'kill' | 'skip') {
  const runs: WaitingCall[] = []
  let begun = (): void => undefined
  const hasBegun = new Promise<void>(resolve => {
    begun = resolve
  })
  const gateway = await createRealGateway({
    contracts: [flowService],
    host: agent =>
      hostFlowService(agent, call => {
        runs.push(call)
        begun()
      }),
  })
  const browsers = []
  for (let i = 0; i < 2; i++) {
    const client = gateway.client()
    const stop = new AbortController()
    const service = client.agent('web-1').service(flowService)
    const call = service.Wait({ signal: stop.signal, cancel, idempotencyKey: 'k' })
    call.catch(() => undefined)
    await hasBegun
    // An answer to anything tells that the call before it has arrived too.
    await client.agents()
    browsers.push({ call, service, cancel: () => stop.abort() })
  }
  const [first, second] = browsers as [(typeof browsers)[0], (typeof browsers)[0]]
  return { runs, first, second, [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose]() }
}

test.each(['kill', 'skip'] as const)('a browser that joined a call and cancels it (%s) takes it from nobody', async mode => {
  await using world = await createJoinedCalls(mode)
  const { first, second, runs } = world
  second.cancel()
  await expect(second.call).rejects.toMatchObject({ kind: 'cancelled', delivery: 'unknown' })
  expect(await second.service.Add(1n, 2n)).toBe(3n)
  expect(runs).toHaveLength(1)
  expect(runs[0]?.signal.aborted).toBe(false)
  runs[0]?.finish()
  expect(await first.call).toBe('done')
})

test('a call is killed at the agent when the last browser that waits for it kills it', async () => {
  await using world = await createJoinedCalls('kill')
  const { first, second, runs } = world
  first.cancel()
  await expect(first.call).rejects.toMatchObject({ kind: 'cancelled', delivery: 'unknown' })
  expect(await first.service.Add(1n, 2n)).toBe(3n)
  expect(runs[0]?.signal.aborted).toBe(false)
  const ended = new Promise(resolve => runs[0]?.signal.addEventListener('abort', resolve))
  second.cancel()
  await expect(second.call).rejects.toMatchObject({ kind: 'cancelled', delivery: 'unknown' })
  await ended
})
