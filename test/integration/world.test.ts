import { expect, test } from 'vitest'
import { DataStream } from '../../server/src/codec/data-stream.ts'
import { createWorld } from '../support/world.ts'

test.for(['listening', 'polling'] as const)('a client calls a %s agent: values, overloads, errors, data streams', async mode => {
  await using world = await createWorld({ agent: { mode } })
  expect(await world.calculator.Add(2n, 3n)).toBe(5n)
  expect(await world.echo.SayHello('Paul')).toBe('Paul...')
  const copied = await world.echo.Echo(DataStream.fromBytes(Buffer.from('hello')))
  expect((await copied.bytes()).toString()).toBe('hello')
  await expect(world.echo.Crash()).rejects.toMatchObject({ kind: 'service_failed', delivery: 'executed' })
  expect(await Promise.all(Array.from({ length: 20 }, (_, i) => world.calculator.Add(BigInt(i), 1n)))).toEqual(
    Array.from({ length: 20 }, (_, i) => BigInt(i + 1)),
  )
})

test.for(['listening', 'polling'] as const)('closing the client first, or the %s agent first, leaves nothing', async mode => {
  for (const first of ['client', 'agent'] as const) {
    await using world = await createWorld({ agent: { mode } })
    await world.echo.SayHello('Paul')
    await world[first].close()
    await expect(world.echo.SayHello('Paul', { timeoutMs: 5_000, queueTimeoutMs: 50 })).rejects.toThrow()
  }
})
