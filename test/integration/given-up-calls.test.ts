import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { isAbortAwaited } from '../../server/src/base/abort-listeners.ts'
import { deferred } from '../../server/src/base/deferred.ts'
import type { CallContext } from '../../server/src/runtime/service-host.ts'
import { createWorld, echo } from '../support/world.ts'

describe.each(['listening', 'polling'] as const)('with a %s agent', mode => {
  test('a signal that served calls, answered and failed, is free again', async () => {
    await using world = await createWorld({ agent: { mode } })
    const { signal } = new AbortController()
    const call = (method: string, args: unknown[]): Promise<unknown> =>
      world.client.call({ endpoint: world.endpoint, service: 'IEchoService', method, args, signal })
    for (let i = 0; i < 3; i++) {
      await call('SayHello', ['Paul'])
      expect(isAbortAwaited(signal)).toBe(false)
      await expect(call('NoSuchMethod', [])).rejects.toMatchObject({ kind: 'method_not_found' })
      expect(isAbortAwaited(signal)).toBe(false)
    }
  })

  test('a service whose caller gives up is told so by its signal', async () => {
    const started = deferred<AbortSignal>()
    const release = deferred<string>()
    await using world = await createWorld({
      agent: { mode },
      host: agent =>
        agent.addService(echo, {
          SayHello: (_name: string, context: CallContext) => {
            started.resolve(context.signal)
            return release.promise
          },
        }),
    })
    const caller = new AbortController()
    const call = world.client.createClient(echo, world.endpoint).SayHello('Paul', { signal: caller.signal })
    const failed = expect(call).rejects.toMatchObject({ kind: 'cancelled', delivery: 'unknown' })
    const signal = await started.promise
    expect(signal.aborted).toBe(false)
    caller.abort()
    await Promise.all([failed, signal.aborted || once(signal, 'abort')])
    release.resolve('too late')
  })
})

test('a call whose polling agent is cut off while it runs may have run, and says so', async () => {
  const started = deferred<void>()
  const release = deferred<string>()
  await using world = await createWorld({
    agent: { mode: 'polling' },
    host: agent =>
      agent.addService(echo, {
        SayHello: () => {
          started.resolve()
          return release.promise
        },
      }),
  })
  const failed = expect(world.client.createClient(echo, world.endpoint).SayHello('Paul')).rejects.toMatchObject({ delivery: 'unknown' })
  await started.promise
  world.client.removeTrust(world.agent.thumbprint)
  await failed
  release.resolve('too late')
})
