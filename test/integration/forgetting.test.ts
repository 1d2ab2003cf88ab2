import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { until } from '../support/stream-sections.ts'
import { createRuntime, createWorld, echo, failureOf } from '../support/world.ts'

const call = { contract: echo, service: echo.service, method: 'SayHello', args: ['Paul'] }

test('two thousand calls to as many polling agents that never come leave nothing behind', async () => {
  await using client = createRuntime('client')
  const calls = Array.from({ length: 2_000 }, (_, n) =>
    failureOf(client.call({ ...call, endpoint: `poll://name-${n}/`, queueTimeoutMs: 20 })),
  )
  expect(client.memoryInUse().queues).toBe(2_000)
  const kinds = new Set((await Promise.all(calls)).map(({ delivery }) => delivery))
  expect([[...kinds], client.memoryInUse().queues]).toEqual([['not_sent'], 0])
})

test('calls to listening agents that are not there leave nothing behind', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  await using client = createRuntime('client', { limits: { retryCountLimit: 1 } })
  const calls = Array.from({ length: 200 }, (_, n) => {
    const thumbprint = n.toString(16).toUpperCase().padStart(40, '0')
    return failureOf(client.call({ ...call, endpoint: { uri: `https://127.0.0.1:${port}/`, thumbprint } }))
  })
  expect(client.memoryInUse().pools).toBe(200)
  await Promise.all(calls)
  expect(client.memoryInUse().pools).toBe(0)
})

test('a pool stays with its last connection, and a queue with its subscriber', async () => {
  await using listening = await createWorld()
  await listening.echo.SayHello('Paul')
  expect(listening.client.memoryInUse().pools).toBe(1)
  await listening.agent.close()
  await until(() => listening.client.memoryInUse().pools === 0)

  await using polling = await createWorld({ agent: { mode: 'polling' } })
  await polling.echo.SayHello('Paul')
  await polling.echo.SayHello('Paul')
  expect(polling.client.memoryInUse().queues).toBe(1)
  await polling.agent.close()
  await until(() => polling.client.memoryInUse().queues === 0)
})
