import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import { Binary, type Document, deserialize, serialize } from 'bson'
import type { RawPeer } from './raw-peer.ts'

/** What a scripted peer says and reads, made with plain `bson` and `zlib`: nothing of the code under test. */

export const clientOpening = 'MX\r\n\r\nMX-CLIENT 1.0\r\n\r\n'
export const serverIdentity = 'MX-SERVER 1.0\r\n\r\n'

/** The opening of a polling agent. */
export function subscriberOpening(subscription: string): string {
  return `MX\r\n\r\nMX-SUBSCRIBER 1.0 ${subscription}\r\n\r\n`
}

/** The no-op of a polling client. */
export const nullMessage = pack({ Message: null })

/** A request as .NET writes it. */
export function requestMessage(request: { service: string; method: string; id?: string; params?: readonly unknown[] }): Buffer {
  const { service, method, id = 'r1', params = [] } = request
  const activityId = new Binary(Buffer.alloc(16, 7), Binary.SUBTYPE_UUID)
  const $type = 'Halibut.Transport.Protocol.RequestMessage, Halibut'
  return pack({ Message: { $type, id, activityId, endpoint: null, service, method, params } })
}

/** A response as .NET writes it. */
export function responseMessage(id: string, result: unknown, error: Document | null = null): Buffer {
  return pack({ Message: { $type: 'Halibut.Transport.Protocol.ResponseMessage, Halibut', id, error, result } })
}

/** The first `inflated` bytes of a message that says it has `length`, well deflated. */
export function stalledMessage(length: number, inflated: number): Buffer {
  const document = Buffer.alloc(inflated)
  document.writeInt32LE(length)
  return deflateRawSync(document, { finishFlush: constants.Z_SYNC_FLUSH })
}

function pack(document: Document): Buffer {
  return deflateRawSync(serialize(document), { level: constants.Z_NO_COMPRESSION })
}

/** A message that arrived: its content, `null` for the no-op. */
export async function readMessage(peer: RawPeer): Promise<Document | null> {
  const frame = await peer.readUntil(unread => {
    try {
      const { engine } = inflateRawSync(unread, { info: true }) as unknown as { engine: { bytesWritten: number } }
      return engine.bytesWritten
    } catch {
      return false
    }
  })
  return deserialize(inflateRawSync(frame), { useBigInt64: true })['Message'] as Document | null
}

/** A message that must be a request or a response. */
export async function readExchangeMessage(peer: RawPeer): Promise<Document> {
  const message = await readMessage(peer)
  if (message === null) throw new Error('expected a message that says something, and got the null message')
  return message
}

/** Plays the caller’s opening towards a listener of ours, up to its answer. */
export async function openAsClient(peer: RawPeer): Promise<void> {
  await peer.write(clientOpening)
  await peer.readUntil(serverIdentity)
}

/** Plays the polling agent’s opening towards a listener of ours, up to its answer. */
export async function openAsSubscriber(peer: RawPeer, subscription: string): Promise<void> {
  await peer.write(subscriberOpening(subscription))
  await peer.readUntil(serverIdentity)
}

/** Plays the acceptor towards a dialler of ours. Resolves with the identity line. */
export async function openAsAcceptor(peer: RawPeer): Promise<string> {
  await peer.readUntil('MX\r\n\r\n')
  const identity = await peer.readUntil('\r\n\r\n')
  await peer.write(serverIdentity)
  return identity.toString('latin1').trimEnd()
}

/** Reads a request and answers it. Resolves with the request. */
export async function answerRequest(peer: RawPeer, result: unknown = 'ok'): Promise<Document> {
  const request = await readExchangeMessage(peer)
  await peer.write(responseMessage(String(request['id']), result))
  return request
}

/** Plays a listening agent until the connection ends: each request gets `result`, each NEXT its PROCEED. */
export async function serveRequests(peer: RawPeer, result: unknown = 'ok'): Promise<void> {
  await openAsAcceptor(peer)
  for (;;) {
    await answerRequest(peer, result)
    const word = await peer.readUntil(unread => peer.ended || unread.includes('\r\n'))
    if (word.toString('latin1') !== 'NEXT\r\n') break
    await peer.write('PROCEED\r\n')
  }
}
