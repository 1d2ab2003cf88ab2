import { createHash } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import { dataStream, method, service, string } from '@halibut-gateway/schemas/contract'
import { describe, expect, test } from 'vitest'
import { DataStream } from '../../server/src/codec/data-stream.ts'
import { pattern, turn, until } from '../support/stream-sections.ts'
import { collectLog, createWorld, dialCount } from '../support/world.ts'

const pieces = service('IPieces', {
  /** Digest of the content, read with `for await`. */
  Digest: method([['content', dataStream]], string),
  /** The first bytes as text: the rest is not read. */
  Begin: method([['content', dataStream]], string),
  Give: method([], dataStream),
})
const pieceBytes = 64 * 1024
const total = 64 * 1024 * 1024

/** A client and an agent; `given` is what the agent gives, and how far it has got. */
async function createPieces() {
  const given = { bytes: 0, closed: false }
  const world = await createWorld({
    // A call waits until the one before has given its connection back.
    limits: { maxConnectionsPerAgent: 1 },
    host: agent =>
      agent.addService(pieces, {
        async Digest(content) {
          const hash = createHash('sha256')
          for await (const chunk of content) hash.update(chunk)
          return hash.digest('hex')
        },
        async Begin(content) {
          for await (const chunk of content) return Buffer.from(chunk).toString('latin1', 0, 5)
          return ''
        },
        Give: () =>
          DataStream.from(async function* () {
            try {
              for (let at = 0; at < total; at += pieceBytes) {
                given.bytes += pieceBytes
                yield pattern(1, pieceBytes)
              }
            } finally {
              given.closed = true
            }
          }, total),
      }),
  })
  const log = collectLog(world.client)
  return {
    given,
    dials: () => dialCount(log),
    client: world.client.createClient(pieces, world.endpoint),
    agent: world.agent,
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  }
}

test('an agent reads what it is sent piece by piece, and the connection goes on whether it reads all or leaves', async () => {
  await using world = await createPieces()
  const content = pattern(2, 5_000_000)
  const digest = createHash('sha256').update(content).digest('hex')
  for (let i = 0; i < 3; i++) {
    expect(await world.client.Digest(DataStream.from(new Blob([new Uint8Array(content)])))).toBe(digest)
    expect(await world.client.Begin(DataStream.from(Buffer.concat([Buffer.from('begin'), content])))).toBe('begin')
  }
  expect(world.dials()).toBe(1)
})

/** Each way to read, as an async iterator. */
const ways: Readonly<Record<string, (stream: DataStream) => AsyncIterable<Uint8Array>>> = {
  'for await': stream => stream,
  'stream()': stream => stream.stream(),
  'readable()': stream => stream.readable(),
}

describe.each(Object.entries(ways))('a caller that reads with %s', (_, open) => {
  test('holds its agent back while it does not read, and gets all of it', async () => {
    await using world = await createPieces()
    const stream = await world.client.Give()
    const hash = createHash('sha256')
    let first = true
    for await (const chunk of open(stream)) {
      hash.update(chunk)
      if (!first) continue
      first = false
      // What the sockets between them hold is all that the agent can send ahead.
      let before = -1
      while (before !== world.given.bytes) {
        before = world.given.bytes
        for (let i = 0; i < 100; i++) await turn()
      }
      expect(world.given.bytes).toBeLessThan(total / 2)
    }
    const expected = createHash('sha256')
    for (let at = 0; at < total; at += pieceBytes) expected.update(pattern(1, pieceBytes))
    expect(hash.digest('hex')).toBe(expected.digest('hex'))
  })

  test('leaves early: the rest is skipped, and the next call has the same connection', async () => {
    await using world = await createPieces()
    for await (const chunk of open(await world.client.Give())) {
      expect(chunk.length).toBeGreaterThan(0)
      break
    }
    await until(() => world.given.closed)
    expect(await world.client.Begin(DataStream.from('again'))).toBe('again')
    expect(world.dials()).toBe(1)
  })

  test('is told where the agent goes away half-way', async () => {
    await using world = await createPieces()
    const stream = await world.client.Give()
    const reading = (async () => {
      for await (const chunk of open(stream)) if (chunk.length > 0) void world.agent.close({ drainMs: 0 })
    })()
    await expect(reading).rejects.toMatchObject({ name: 'HalibutError', phase: 'stream', delivery: 'executed' })
    await until(() => world.given.closed)
  })
})

test('a stream of Node goes on into a pipeline, and breaks off with it', async () => {
  await using world = await createPieces()
  const stream = await world.client.Give()
  const broken = pipeline((stream as DataStream).readable(), async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) throw new Error(`the next station is closed: ${chunk.length > 0}`)
    yield ''
  })
  await expect(broken).rejects.toThrow('the next station is closed: true')
  await until(() => world.given.closed)
  expect(await world.client.Begin(DataStream.from('again'))).toBe('again')
  expect(world.dials()).toBe(1)
})
