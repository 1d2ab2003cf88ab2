import { createHash } from 'node:crypto'
import { dictionary, int64, list, method, object, service, string } from '@halibut-gateway/schemas/contract'
import { expect, test } from 'vitest'
import { DataStream } from '../../../server/src/codec/data-stream.ts'
import { bigText, generatedBytes } from '../../support/sample-services.ts'
import { openAsClient, requestMessage } from '../../support/scripted-halibut.ts'
import { createEchoService, createWorld, nextLog } from '../../support/world.ts'

test.each(['listening', 'polling'] as const)('M07 a string of 5 MB goes to a %s agent and comes back', async mode => {
  await using world = await createWorld({ agent: { mode } })
  const text = bigText(5_000_000)
  expect(await world.echo.SayHello(text)).toBe(`${text}...`)
})

test('M21 a $type that no contract names closes the connection, and the reason is logged', async () => {
  await using host = await createEchoService()
  await using peer = await host.dial()
  await openAsClient(peer)
  const logged = nextLog(host.runtime, event => event.type === 'Error')
  const $type = 'System.Diagnostics.Process, System'
  void peer.write(requestMessage({ service: 'IEchoService', method: 'SayHello', params: [{ $type, FileName: 'x' }] }))
  expect(await peer.readToEnd()).toHaveLength(0)
  expect((await logged).message).toContain(`Type specified in JSON '${$type}' was not resolved.`)
})

test.each(['listening', 'polling'] as const)(
  'D09 128 streams in each of 32 parallel calls to a %s agent',
  { timeout: 60_000 },
  async mode => {
    await using world = await createWorld({ agent: { mode, connections: 4 } })
    const results = await Promise.all(
      Array.from({ length: 32 }, async (_, call) => {
        const contents = Array.from({ length: 128 }, (_, n) => generatedBytes(200 + call * 7 + n, n))
        const echoed = await world.echo.EchoStreams(contents.map(bytes => DataStream.fromBytes(bytes)))
        let right = 0
        for (const [n, stream] of (echoed ?? []).entries()) if (contents[n]?.equals(await stream.bytes())) right++
        return right
      }),
    )
    expect(results).toEqual(Array.from({ length: 32 }, () => 128))
  },
)

test('D11 an upload of 16 MiB tells every percent from 1 to 100 in order', async () => {
  await using world = await createWorld()
  const percents: number[] = []
  const content = DataStream.fromBytes(Buffer.alloc(16 * 1024 * 1024, 1)).withProgress(percent => percents.push(percent))
  expect(await world.echo.CountBytes(content)).toBe(16 * 1024 * 1024)
  expect(percents).toEqual(Array.from({ length: 100 }, (_, n) => n + 1))
})

const holder = object('Tests.Holder, Tests', { Text: string })
const large = service('ILarge', {
  Echo: method([['text', string]], string),
  Count: method([['holders', list(holder)]], int64),
  Pairs: method([['pairs', dictionary(int64, string)]], dictionary(int64, string)),
})

test('a string of 40 MB and a dictionary with number keys arrive whole', { timeout: 60_000 }, async () => {
  await using world = await createWorld({
    host: agent => agent.addService(large, { Echo: text => text, Count: holders => BigInt(holders.length), Pairs: pairs => pairs }),
  })
  const client = world.client.createClient(large, world.endpoint)
  const text = bigText(40_000_000)
  const digest = (of: string): string => createHash('sha256').update(of).digest('hex')
  expect(digest(await client.Echo(text))).toBe(digest(text))
  const pairs = new Map(Array.from({ length: 1_000 }, (_, n) => [BigInt(n * 7), `value ${n}`]))
  expect(await client.Pairs(pairs)).toEqual(pairs)
})
