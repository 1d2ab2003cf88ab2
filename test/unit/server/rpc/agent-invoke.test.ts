import type { CallEvent, InvokeParams, InvokeResult } from '@halibut-gateway/schemas'
import { dataStream, dateOnly, int64, list, method, nullable, object, service, set, string } from '@halibut-gateway/schemas/contract'
import type { ErrorData } from '@halibut-gateway/schemas/wire'
import { UUID } from 'bson'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { gatewayLimits } from '../../../../server/src/base/limits.ts'
import { AgentDirectory } from '../../../../server/src/fleet/agent-directory.ts'
import { ContractDirectory } from '../../../../server/src/fleet/contract-directory.ts'
import type { Mesh, MeshCall } from '../../../../server/src/fleet/mesh.ts'
import { noStreams } from '../../../../server/src/gateway/streams/stream-table.ts'
import { DataStream } from '../../../../server/src/runtime/data-streams.ts'
import { testIdentity } from '../../../support/certificates.ts'
import { createDispatcher } from '../../../support/dispatcher.ts'
import { idleMesh } from '../../../support/idle-mesh.ts'
import { dialRaw } from '../../../support/raw-peer.ts'
import {
  answerRequest,
  openAsAcceptor,
  openAsSubscriber,
  readExchangeMessage,
  responseMessage,
  serveRequests,
} from '../../../support/scripted-halibut.ts'
import { turn } from '../../../support/stream-sections.ts'
import { createRuntime, createScriptedAgent } from '../../../support/world.ts'

const stock = service('IStock', {
  Read: method([], int64, { idempotent: true }),
  Take: method([], int64),
  Put: method([['content', dataStream]], int64, { idempotent: true }),
  Get: method([], dataStream),
  Sum: method([['numbers', list(set(int64))]], int64),
})

afterEach(() => {
  vi.useRealTimers()
})

/** What the gateway makes of requests, with an agent `a` behind a mesh. */
function createRpc(mesh: Mesh, uri = 'https://localhost:1/', thumbprint = testIdentity('agent').thumbprint) {
  const directory = new AgentDirectory()
  directory.add({ id: 'a', uri, thumbprint })
  const contracts = new ContractDirectory()
  contracts.add(stock)
  const dispatcher = createDispatcher(mesh, directory, contracts)
  const stop = new AbortController()
  const offer = vi.fn(() => ({ $stream: 2, length: 1 }))
  const dispatch = (
    method: string,
    params: object,
    sendItem: (item: unknown) => void = () => undefined,
    signal: AbortSignal = stop.signal,
    isLong = false,
  ) =>
    dispatcher.dispatch(
      { jsonrpc: '2.0', id: 1, method, params },
      {
        principal: { name: 'p', role: 'operator' },
        receivedMs: performance.now(),
        caller: 'a browser',
        isLong,
        signal,
        streams: {
          ...noStreams(),
          isPossible: true,
          ready: () => undefined,
          uploads: () => [],
          offer,
          accept: () => DataStream.fromString('x'),
        } as never,
        begun: () => undefined,
        writable: () => Promise.resolve(),
        sendItem: (_sequence, item) => sendItem(item),
      },
    )
  return {
    directory,
    stop,
    offer,
    dispatch,
    /** The result, or the error’s data. */
    invoke: async (method: string, more: Partial<InvokeParams> = {}, signal?: AbortSignal): Promise<InvokeResult & ErrorData> => {
      const response = await dispatch('agent.invoke', { agent: 'a', service: 'IStock', method, args: [], ...more }, undefined, signal)
      return ('error' in response ? response.error.data : response.result) as InvokeResult & ErrorData
    },
  }
}

/** A mesh whose calls go as each of `steps` says, one after another. */
function scriptedMesh(...steps: ((call: MeshCall) => unknown)[]): { readonly mesh: Mesh; readonly calls: MeshCall[] } {
  const calls: MeshCall[] = []
  const mesh: Mesh = {
    ...idleMesh,
    call: async call => {
      calls.push(call)
      const step = steps[calls.length - 1]
      if (!step) throw new Error('nothing more was expected')
      return await step(call)
    },
  }
  return { mesh, calls }
}

const lost = new HalibutError('connection_lost', 'lost', { phase: 'response', delivery: 'unknown' })

function loses(call: MeshCall): never {
  call.onSending?.()
  throw lost
}

describe('arguments that came in a long text', () => {
  const numbers = Array.from({ length: 200_000 }, (_, i) => [i, 1])

  /** How the call ends, and how many turns the event loop had until it reached the mesh, or ended. */
  async function callWith(args: unknown[], onTurn: (turns: number, stop: AbortController) => void = () => undefined) {
    let turns = 0
    let over = false
    const { mesh, calls } = scriptedMesh(() => {
      over = true
      return 7n
    })
    const { dispatch, stop } = createRpc(mesh)
    const params = { agent: 'a', service: 'IStock', method: 'Sum', args }
    const answered = dispatch('agent.invoke', params, undefined, stop.signal, true).finally(() => (over = true))
    await new Promise<void>(resolve => {
      const count = (): void => {
        if (over) {
          resolve()
          return
        }
        onTurn(++turns, stop)
        setImmediate(count)
      }
      setImmediate(count)
    })
    const response = await answered
    return { turns, calls, answer: 'error' in response ? response.error.data : response.result }
  }

  test('are read while others have their turn, and are the same', async () => {
    const { turns, calls, answer } = await callWith([numbers])
    expect(answer).toMatchObject({ value: '7' })
    expect(turns).toBeGreaterThan(4)
    const given = calls[0]?.args[0] as Set<bigint>[]
    expect(given).toHaveLength(numbers.length)
    expect([given[0], given[1], given.at(-1)]).toEqual([new Set([0n, 1n]), new Set([1n]), new Set([199_999n, 1n])])
  })

  test('are refused with their places, ten of them', async () => {
    const { calls, answer } = await callWith([numbers.map(() => ['x', 1])])
    expect(answer).toMatchObject({ kind: 'invalid_params', delivery: 'not_sent' })
    expect((answer as ErrorData).errors).toHaveLength(10)
    expect((answer as ErrorData).errors?.every(({ path }) => /^\/args\/0\/\d+\/0$/.test(path))).toBe(true)
    expect(calls).toHaveLength(0)
  })

  test('of a call that is cancelled meanwhile go nowhere', async () => {
    const cancelled = new HalibutError('cancelled', 'the caller cancelled the call')
    const { calls, answer } = await callWith([numbers], (turns, stop) => {
      if (turns === 3) stop.abort(cancelled)
    })
    expect(answer).toMatchObject({ kind: 'cancelled', delivery: 'not_sent' })
    expect(calls).toHaveLength(0)
  })
})

describe('an agent that dies once with a request on it', () => {
  test.each([
    ['Read', 2],
    ['Take', 1],
  ] as const)('listening: %s reaches it %i times', async (name, times) => {
    const ids: string[] = []
    await using agent = await createScriptedAgent({
      script: async (peer, index) => {
        await openAsAcceptor(peer)
        const request = await readExchangeMessage(peer)
        ids.push(new UUID(request['activityId'].buffer as Uint8Array).toHexString())
        if (index === 0) peer.reset()
        else await peer.write(responseMessage(String(request['id']), 7n))
      },
    })
    const { invoke } = createRpc(agent.runtime, agent.endpoint.uri, agent.endpoint.thumbprint)
    const answer = await invoke(name)
    if (name === 'Read') expect(answer).toMatchObject({ value: '7' })
    else expect(answer).toMatchObject({ kind: 'connection_lost', delivery: 'unknown', retryable: false })
    expect(ids).toHaveLength(times)
    expect(new Set(ids).size).toBe(times)
  })

  test('polling: an idempotent request is what its next connection gets, another one never comes back', async () => {
    const identity = testIdentity('agent')
    await using runtime = createRuntime('client', { trust: [identity.thumbprint] })
    const { port } = await runtime.listen()
    const { invoke } = createRpc(runtime, 'poll://a/')
    for (const name of ['Read', 'Take']) {
      const answer = invoke(name)
      await using first = await dialRaw(port, { certificate: identity })
      await openAsSubscriber(first, 'poll://a/')
      expect(await readExchangeMessage(first)).toMatchObject({ method: name })
      first.reset()
      if (name === 'Take') expect(await answer).toMatchObject({ kind: 'connection_lost', delivery: 'unknown' })
      await using second = await dialRaw(port, { certificate: identity })
      await openAsSubscriber(second, 'poll://a/')
      const next = name === 'Read' ? answer : invoke('Read')
      expect(await answerRequest(second, 7n)).toMatchObject({ method: 'Read' })
      expect(await next).toMatchObject({ value: '7' })
    }
  })
})

test.each(['listening', 'polling'] as const)(
  'who called a %s agent that closes without an answer is told which types it may not know',
  async mode => {
    const identity = testIdentity('agent')
    const contract = service('ISend', {
      Send: method([['v', object('My.Contracts.Box`1, My.Contracts', { Value: nullable(dateOnly) }, { of: [dateOnly] })]], string),
      Ask: method([['v', string]], string),
    })
    await using agent = await createScriptedAgent({
      trust: [identity.thumbprint],
      script: async peer => {
        await openAsAcceptor(peer)
        await readExchangeMessage(peer)
        peer.reset()
      },
    })
    const { runtime } = agent
    const ask = async (name: string, arg: unknown): Promise<string> => {
      const endpoint = mode === 'listening' ? agent.endpoint : { uri: `poll://${name}/`, thumbprint: identity.thumbprint }
      const call = runtime.call({ endpoint, contract, service: 'ISend', method: name, args: [arg] }).catch((why: unknown) => why)
      if (mode === 'polling') {
        await using peer = await dialRaw((await runtime.listen()).port, { certificate: identity })
        await openAsSubscriber(peer, `poll://${name}/`)
        await readExchangeMessage(peer)
        peer.reset()
      }
      const why = await call
      expect(why).toMatchObject({ kind: 'connection_lost', delivery: 'unknown' })
      return (why as HalibutError).advice
    }
    expect(await ask('Send', { Value: '2020-01-02' })).toContain(
      'My.Contracts.Box`1[[System.DateOnly, System.Private.CoreLib]], My.Contracts',
    )
    expect(await ask('Ask', 'x')).not.toContain('may not know')
  },
)

describe('a result that does not fit is told beside the error', () => {
  const executed = { kind: 'serialization_failed', delivery: 'executed', phase: 'response', retryable: false }

  test.each<[string, unknown, unknown]>([
    ['cannot be converted', 'many', 'many'],
    ['is null where a number is declared', null, null],
    [
      'has a type that nobody knows',
      { $type: 'Nobody, Nowhere', A: 1, List: { $type: 'Elsewhere, Nowhere', $values: ['a'] } },
      { A: 1, List: ['a'] },
    ],
    ['has a type that is not the declared one', { $type: 'System.Byte[], mscorlib', $value: Buffer.of(1) }, { $binary: 'AQ' }],
  ])('where it %s', async (_, result, told) => {
    await using agent = await createScriptedAgent({ script: peer => serveRequests(peer, result) })
    const { invoke } = createRpc(agent.runtime, agent.endpoint.uri, agent.endpoint.thumbprint)
    const answer = await invoke('Take')
    expect(answer).toMatchObject(executed)
    expect(answer.result).toEqual(told)
  })

  test('where a polling agent sent it', async () => {
    const identity = testIdentity('agent')
    await using runtime = createRuntime('client', { trust: [identity.thumbprint] })
    const { port } = await runtime.listen()
    const answer = createRpc(runtime, 'poll://a/').invoke('Take')
    await using agent = await dialRaw(port, { certificate: identity })
    await openAsSubscriber(agent, 'poll://a/')
    await answerRequest(agent, { $type: 'Nobody, Nowhere', A: 1 })
    expect(await answer).toMatchObject({ ...executed, result: { A: 1 } })
  })

  test('where it has no JSON form, without its data streams', async () => {
    const stream = DataStream.fromString('x')
    const discarded = vi.spyOn(stream, 'discard')
    const { mesh } = scriptedMesh(() => ({ Long: 2n ** 60n, Day: new Date(0), Stream: stream }))
    expect(await createRpc(mesh).invoke('Take')).toMatchObject({
      ...executed,
      result: { Long: { $numberLong: `${2n ** 60n}` }, Day: { $date: '1970-01-01T00:00:00.000Z' }, Stream: null },
    })
    expect(discarded).toHaveBeenCalled()
  })

  test('unless it is very long', async () => {
    const long = 'x'.repeat(gatewayLimits.unfitResultChars - 2)
    const { mesh } = scriptedMesh(
      () => long,
      () => `${long}x`,
    )
    const { invoke } = createRpc(mesh)
    expect((await invoke('Take')).result).toBe(long)
    const answer = await invoke('Take')
    expect(answer).toMatchObject(executed)
    expect(answer).not.toHaveProperty('result')
  })

  test('and is not kept under an idempotency key', async () => {
    const { mesh } = scriptedMesh(() => 'many')
    const { invoke } = createRpc(mesh)
    const key = { idempotencyKey: 'k', epoch: 'now' }
    expect(await invoke('Take', key)).toMatchObject({ ...executed, result: 'many' })
    const again = await invoke('Take', key)
    expect(again).toMatchObject(executed)
    expect(again).not.toHaveProperty('result')
  })
})

describe('a call is made once more', () => {
  test('under another activity id, which the answer tells', async () => {
    const { mesh, calls } = scriptedMesh(loses, () => 7n)
    const { invoke } = createRpc(mesh)
    const answer = await invoke('Read')
    expect(answer).toMatchObject({ value: '7', activityId: calls[1]?.activityId })
    expect(calls[1]?.activityId).not.toBe(calls[0]?.activityId)
    expect(calls.map(call => call.caller)).toEqual(['a browser', 'a browser'])
  })

  test('and not a third time', async () => {
    const { mesh, calls } = scriptedMesh(loses, loses)
    expect(await createRpc(mesh).invoke('Read')).toMatchObject({ kind: 'connection_lost', delivery: 'unknown' })
    expect(calls).toHaveLength(2)
  })

  test('and where that one is never sent, the first may still have run', async () => {
    const { mesh } = scriptedMesh(loses, () => {
      throw new HalibutError('connect_refused', 'nobody there', { phase: 'connect' })
    })
    expect(await createRpc(mesh).invoke('Read')).toMatchObject({ kind: 'connect_refused', delivery: 'unknown', retryable: false })
  })

  test('under an idempotency key too, which stands for both', async () => {
    const { mesh, calls } = scriptedMesh(loses, loses)
    const { invoke } = createRpc(mesh)
    for (let i = 0; i < 2; i++) {
      expect(await invoke('Read', { idempotencyKey: 'k', epoch: 'now' })).toMatchObject({ kind: 'connection_lost' })
    }
    expect(calls).toHaveLength(2)
  })

  test('within what is left of its times', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    const { mesh, calls } = scriptedMesh(
      async call => {
        await undefined
        vi.advanceTimersByTime(30)
        call.onSending?.()
        vi.advanceTimersByTime(100)
        throw lost
      },
      () => 7n,
    )
    expect(await createRpc(mesh).invoke('Read', { timeoutMs: 500, queueTimeoutMs: 200 })).toMatchObject({ value: '7' })
    expect(calls).toMatchObject([
      { timeoutMs: 500, queueTimeoutMs: 200 },
      { timeoutMs: 370, queueTimeoutMs: 170 },
    ])
  })

  test('unless nothing is left of them', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    const { mesh, calls } = scriptedMesh(call => {
      call.onSending?.()
      vi.advanceTimersByTime(500)
      throw lost
    })
    expect(await createRpc(mesh).invoke('Read', { timeoutMs: 500 })).toMatchObject({ kind: 'connection_lost' })
    expect(calls).toHaveLength(1)
  })
})

describe('a call is not made again', () => {
  test.each([
    ['cancelled', 'unknown'],
    ['deadline_exceeded', 'unknown'],
    ['io_timeout', 'unknown'],
    ['closed', 'unknown'],
    ['protocol_error', 'unknown'],
    ['service_failed', 'executed'],
    ['connection_lost', 'not_sent'],
  ] as const)('where it failed as %s, delivery %s', async (kind, delivery) => {
    const { mesh, calls } = scriptedMesh(() => {
      throw new HalibutError(kind, 'no', { delivery })
    })
    expect(await createRpc(mesh).invoke('Read')).toMatchObject({ kind, delivery })
    expect(calls).toHaveLength(1)
  })

  test('where its method is not marked, or has no contract', async () => {
    for (const more of [{ method: 'Take' }, { service: 'IUnknown', method: 'Read' }]) {
      const { mesh, calls } = scriptedMesh(loses)
      expect(await createRpc(mesh).invoke('Read', more)).toMatchObject({ kind: 'connection_lost' })
      expect(calls).toHaveLength(1)
    }
  })

  test('where data streams went with it', async () => {
    const { mesh, calls } = scriptedMesh(loses)
    expect(await createRpc(mesh).invoke('Put', { args: [{ $stream: 1, length: 1 }] })).toMatchObject({ kind: 'connection_lost' })
    expect(calls).toHaveLength(1)
  })

  test('where nobody waits any more, or its agent is gone or disabled', async () => {
    const changes: ((rpc: ReturnType<typeof createRpc>) => void)[] = [
      rpc => rpc.stop.abort(new HalibutError('cancelled', 'enough')),
      rpc => rpc.directory.remove('a'),
      rpc => rpc.directory.report('a', { type: 'disable', why: 'enough' }),
    ]
    for (const change of changes) {
      const { mesh, calls } = scriptedMesh(() => {
        change(rpc)
        throw lost
      })
      const rpc = createRpc(mesh)
      expect(await rpc.invoke('Read')).toMatchObject({ kind: 'connection_lost', delivery: 'unknown' })
      expect(calls).toHaveLength(1)
    }
  })
})

test('the data streams of a result that its first caller left go to nobody, and the agent is free of them', async () => {
  const stream = DataStream.fromString('x')
  const discard = vi.spyOn(stream, 'discard')
  let answer = (_value: unknown): void => undefined
  const { mesh } = scriptedMesh(
    () =>
      new Promise(resolve => {
        answer = resolve
      }),
  )
  const { invoke, offer } = createRpc(mesh)
  const leave = new AbortController()
  const key = { idempotencyKey: 'k', epoch: 'now' }
  const first = invoke('Get', key, leave.signal)
  const second = invoke('Get', key)
  leave.abort(new HalibutError('cancelled', 'enough'))
  expect(await first).toMatchObject({ kind: 'cancelled', delivery: 'unknown' })
  answer(stream)
  expect(await second).toMatchObject({ kind: 'stream_consumed', delivery: 'executed' })
  expect(offer).not.toHaveBeenCalled()
  expect(discard).toHaveBeenCalled()
})

test('a disabled agent is no matter of trying again', async () => {
  const { directory, invoke } = createRpc(scriptedMesh().mesh)
  directory.report('a', { type: 'disable', why: 'by hand' })
  expect(await invoke('Read')).toMatchObject({ kind: 'agent_unavailable', retryable: false, advice: 'enable the agent first' })
})

test('times of more than a day are a day', async () => {
  const { mesh, calls } = scriptedMesh(() => 7n)
  await createRpc(mesh).invoke('Read', { timeoutMs: 2 ** 31, queueTimeoutMs: Number.MAX_SAFE_INTEGER })
  expect(calls).toMatchObject([{ timeoutMs: 86_400_000, queueTimeoutMs: 86_400_000 }])
})

test('parameters that do not fit are told by their form', async () => {
  const { invoke } = createRpc(scriptedMesh().mesh)
  expect(await invoke('Read', { timeoutMs: 0, args: 5 as never, digest: 1 as never })).toMatchObject({
    kind: 'invalid_params',
    errors: [
      { path: '/args', expected: 'an array of at most 64 items', got: 'a number' },
      { path: '/timeoutMs', expected: 'a whole number from 1', got: '0' },
      { path: '/digest', expected: 'true or false or "sha256" or "sha1"', got: '1' },
    ],
  })
})

describe('calls.watch', () => {
  test('tells that a call waits, that it runs, that it waits again, and in the end how long', async () => {
    vi.useFakeTimers({ toFake: ['performance', 'Date'] })
    const steps: ((value?: unknown) => void)[] = []
    const pause = (): Promise<unknown> => new Promise(resolve => steps.push(resolve))
    const run = async (call: MeshCall): Promise<void> => {
      await pause()
      call.onSending?.()
      await pause()
    }
    const go = async (ms: number): Promise<void> => {
      vi.advanceTimersByTime(ms)
      steps.shift()?.()
      await turn()
    }
    const { mesh } = scriptedMesh(
      call => run(call).then(() => Promise.reject(lost)),
      call => run(call).then(() => 7n),
    )
    const { invoke, dispatch, stop } = createRpc(mesh)
    const events: CallEvent[] = []
    const early = dispatch('calls.watch', {}, item => events.push(item as CallEvent))
    await turn()
    const answer = invoke('Read')
    await turn()
    const snapshots: CallEvent[] = []
    const late = dispatch('calls.watch', {}, item => snapshots.push(item as CallEvent))
    await go(20)
    await go(100)
    await go(5)
    await go(100)
    expect(await answer).toMatchObject({ value: '7', durationMs: 225 })
    const told = { agent: 'a', method: 'Read()', principal: 'p', since: (events[1] as { call: { since: string } }).call.since }
    expect(events).toMatchObject([
      { type: 'snapshot', calls: [] },
      { type: 'started', call: { ...told, state: 'queued' } },
      { type: 'changed', call: { ...told, state: 'running', queuedMs: 20 } },
      { type: 'changed', call: { ...told, state: 'queued' } },
      { type: 'changed', call: { ...told, state: 'running', queuedMs: 25 } },
      { type: 'finished', call: { ...told, state: 'answered', queuedMs: 25, durationMs: 225 } },
    ])
    expect((events[1] as { call: object }).call).not.toHaveProperty('queuedMs')
    expect(snapshots[0]).toMatchObject({ type: 'snapshot', calls: [{ ...told, state: 'queued' }] })
    stop.abort(new HalibutError('cancelled', 'enough'))
    await Promise.all([early, late])
  })

  test('tells of a call that was never sent how long it waited', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    const { mesh } = scriptedMesh(() => {
      vi.advanceTimersByTime(40)
      throw new HalibutError('deadline_exceeded', 'nobody came', { phase: 'queue' })
    })
    const { invoke, dispatch, stop } = createRpc(mesh)
    const events: CallEvent[] = []
    const watch = dispatch('calls.watch', {}, item => events.push(item as CallEvent))
    await turn()
    await invoke('Take')
    await turn()
    expect(events.at(-1)).toMatchObject({
      type: 'finished',
      call: { state: 'failed', queuedMs: 40, durationMs: 40, error: { kind: 'deadline_exceeded', phase: 'queue', delivery: 'not_sent' } },
    })
    stop.abort(new HalibutError('cancelled', 'enough'))
    await watch
  })
})
