import type { AgentHandle, Download, GatewayClient, UploadSource } from '@halibut-gateway/client'
import { dataStream, int64, list, method, nothing, nullable, service, string } from '@halibut-gateway/schemas/contract'
import { expectTypeOf, test } from 'vitest'

const files = service('IFileService', {
  Add: method(
    [
      ['a', int64],
      ['b', int64],
    ],
    int64,
  ),
  Put: method(
    [
      ['name', string],
      ['content', dataStream],
    ],
    nothing,
  ),
  Get: method([['name', string]], dataStream),
  Names: method([], list(string)),
  Find: method([['id', nullable(int64)]], string),
})

test('an agent’s service is typed by its contract', () => {
  const use = (agent: AgentHandle) => {
    const service = agent.service(files)
    expectTypeOf(service.Add).returns.resolves.toEqualTypeOf<bigint>()
    expectTypeOf(service.Add).parameter(0).toEqualTypeOf<number | bigint>()
    expectTypeOf<UploadSource>().toExtend<Parameters<typeof service.Put>[1]>()
    expectTypeOf(service.Get).returns.resolves.toEqualTypeOf<Download>()
    expectTypeOf(service.Names).returns.resolves.toEqualTypeOf<string[]>()
    // @ts-expect-error text is no number
    void service.Add('1', 2n)
    // @ts-expect-error an argument is missing
    void service.Add(1n)
    // @ts-expect-error there is no such method
    void service.Subtract(1n, 2n)
    // @ts-expect-error there is no such option
    void service.Add(1n, 2n, { timeout: 5 })
    // @ts-expect-error text is no data stream
    void service.Put('a', 'content')
  }
  expectTypeOf(use).toBeFunction()
})

test('requests have a deadline, watches have none', () => {
  const use = (client: GatewayClient) => {
    void client.request('agents.get', { agent: 'a' }, { timeoutMs: 5 })
    void client.agents({ timeoutMs: 5 })
    void client.contract('IFileService', { timeoutMs: 5 })
    void client.callOutcome('key', { timeoutMs: 5 })
    // @ts-expect-error a watch ends by its signal
    void client.watchAgents({ timeoutMs: 5 })
  }
  expectTypeOf(use).toBeFunction()
})
