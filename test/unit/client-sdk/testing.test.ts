import { createClient } from '@halibut-gateway/client'
import { createTestGateway, TestError } from '@halibut-gateway/client/testing'
import { dataStream, int64, method, service } from '@halibut-gateway/schemas/contract'
import { expect, test } from 'vitest'

const tools = service('IToolService', {
  Add: method(
    [
      ['a', int64],
      ['b', int64],
    ],
    int64,
  ),
  Copy: method([['content', dataStream]], dataStream),
  Forever: method([], int64),
})

function createTools() {
  const gateway = createTestGateway()
  const web1 = gateway.agent('web-1').service(tools, {
    Add: (a, b) => a + b,
    Copy: content => content,
    Forever: ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  })
  const client = createClient({ url: 'http://test', webSocket: gateway.webSocket, backoff: { firstMs: 0, maxMs: 1 } })
  return { gateway, web1, client, remote: client.agent('web-1').service(tools), [Symbol.asyncDispose]: async () => client.close() }
}

test('it checks contracts as the real one does', async () => {
  await using it = createTools()
  await expect(it.client.agent('web-1').invoke('IToolService', 'Add', ['1', true])).rejects.toMatchObject({
    kind: 'invalid_params',
    delivery: 'not_sent',
    errors: [{ path: '/args/1' }],
  })
  await expect(it.client.agent('web-2').invoke('IToolService', 'Add', [])).rejects.toMatchObject({ kind: 'agent_not_found' })
  expect(await it.remote.Add(1n, 2n)).toBe(3n)
  expect(it.gateway.calls).toEqual([{ agent: 'web-1', service: 'IToolService', method: 'Add(int64,int64)', args: [1n, 2n] }])
})

test('it fails, waits and cuts when told, and a cut is survived', async () => {
  await using it = createTools()
  it.gateway.fail(new TestError('queue_full', 'too much', 'not_sent'))
  await expect(it.remote.Add(1n, 2n)).rejects.toMatchObject({ kind: 'queue_full', retryable: true, message: 'too much' })
  const content = new Uint8Array(300_000).fill(7)
  const download = await it.remote.Copy(content)
  it.gateway.cut()
  // Much faster than `toEqual` for many bytes.
  expect(Buffer.from((await download?.bytes()) ?? []).equals(content)).toBe(true)
  it.gateway.delay(5)
  const slow = it.remote.Add(1n, 2n)
  it.gateway.cut()
  expect(await slow).toBe(3n)
})

test('a restart loses what was under way, and a watch begins anew', async () => {
  await using it = createTools()
  const events = it.client.watchAgents()
  expect((await events.next()).value).toMatchObject({ type: 'snapshot', agents: [{ id: 'web-1', services: ['IToolService'] }] })
  it.web1.set({ state: 'offline', reason: 'a test says so' })
  expect((await events.next()).value).toMatchObject({ type: 'changed', agents: [{ state: 'offline' }] })
  const lost = it.remote.Forever()
  await it.client.agents()
  it.gateway.restart()
  await expect(lost).rejects.toMatchObject({ kind: 'connection_lost', delivery: 'unknown' })
  expect((await events.next()).value).toMatchObject({ type: 'snapshot' })
  await events.return()
})

test('a call that is cancelled aborts its implementation', async () => {
  await using it = createTools()
  const stop = new AbortController()
  const call = it.remote.Forever({ signal: stop.signal })
  await it.client.agents()
  stop.abort()
  await expect(call).rejects.toMatchObject({ kind: 'cancelled' })
})
