import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { int32, int64, list, method, object, service, string } from '@halibut-gateway/schemas/contract'
import { Binary, deserialize, Int32, serialize } from 'bson'
import { answer } from '../peer.ts'
import { product } from '../product.ts'

const { TypeRegistry, resolveOverload } = await product('codec/contract-values')
const { encodeRequest, decodeRequest } = await product('codec/envelope')
const { deflateMessage, MessageInflater } = await product('codec/raw-deflate')

const measureMs = 300
const limits = { maxMessageDepth: 64, maxMessageElements: 8_000_000, maxMessageMembers: 250_000, maxStreamsPerMessage: 10_000 }

const job = object('Sample.Contracts.Job, Sample.Contracts', { Name: string, Priority: int32, Steps: list(string) })
const contract = service('IJobService', {
  Start: method(
    [
      ['job', job],
      ['ticket', int64],
    ],
    string,
  ),
})
const registry = new TypeRegistry()
const start = registry.register(contract).method('Start')
const value = { Name: 'nightly build', Priority: 3, Steps: ['fetch', 'compile', 'test', 'pack'] }
const head = {
  id: 'b5c1a3d8-7b0f-4e3e-9a44-0f5a1c2d3e4f-000001',
  activityId: '00112233-4455-6677-8899-aabbccddeeff',
  service: 'IJobService',
  method: 'Start',
}
const inflater = new MessageInflater({ maxMessageBytes: 64 * 1024 * 1024 })

function ours(): unknown {
  const frame = deflateMessage(encodeRequest(head, start.params, [value, 42n], {}).document)
  if (!inflater.feed(frame)) throw new Error('the message is not complete')
  const request = decodeRequest(inflater.take().document, registry, limits)
  if (request.null || request.method === null) throw new Error('the request is empty')
  const chosen = resolveOverload(registry.contractOf('IJobService')?.methods(request.method) ?? [], request.args)
  return request.args.map((argument, i) => chosen.params[i]?.fromArgument(argument))
}

/** The same document by way of plain objects, written out by hand. */
const plain = {
  Message: {
    $type: 'Halibut.Transport.Protocol.RequestMessage, Halibut',
    id: head.id,
    activityId: new Binary(Buffer.from('33221100554477668899aabbccddeeff', 'hex'), 4),
    endpoint: null,
    service: head.service,
    method: head.method,
    params: [{ $type: 'Sample.Contracts.Job, Sample.Contracts', Name: value.Name, Priority: new Int32(3), Steps: value.Steps }, 42n],
  },
}

function rival(): unknown {
  const frame = deflateRawSync(serialize(plain))
  const { Message: request } = deserialize(inflateRawSync(frame), { useBigInt64: true }) as typeof plain
  return request.params
}

const size = encodeRequest(head, start.params, [value, 42n], {}).document.length
if (Math.abs(serialize(plain).length - size) > 8) throw new Error(`the two documents differ: ${serialize(plain).length} and ${size} bytes`)

function perSecond(run: () => unknown): number {
  const startedAt = performance.now()
  let count = 0
  let now = startedAt
  for (; now - startedAt < measureMs; now = performance.now()) {
    for (let i = 0; i < 500; i++) run()
    count += 500
  }
  return (count / (now - startedAt)) * 1000
}

answer({ ours: () => perSecond(ours), rival: () => perSecond(rival), size: () => size })
