import { expect, test } from 'vitest'
import { flowService, hostFlowService, type WaitingCall } from '../support/flow-service.ts'
import { createRealGateway } from '../support/real-gateway.ts'

test('a browser that queues much for a polling agent does not keep another one waiting', async () => {
  const order: number[] = []
  let begun: (call: WaitingCall) => void = () => undefined
  const running = new Promise<WaitingCall>(resolve => {
    begun = resolve
  })
  await using gateway = await createRealGateway({
    mode: 'polling',
    contracts: [flowService],
    host: agent => hostFlowService(agent, begun, a => order.push(a)),
  })
  const [busy, other] = [gateway.client(), gateway.client()]
  const held = busy.agent('web-1').service(flowService).Wait()
  const { finish } = await running
  const queued: Promise<unknown>[] = []
  for (const [client, numbers] of [
    [busy, [1, 2, 3, 4]],
    [other, [11, 12]],
  ] as const) {
    const service = client.agent('web-1').service(flowService)
    for (const number of numbers) queued.push(service.Add(BigInt(number), 0n))
    // An answer to anything tells that the calls before it have arrived too.
    await client.agents()
  }
  finish()
  await Promise.all([held, ...queued])
  expect(order).toEqual([1, 11, 2, 12, 3, 4])
})
