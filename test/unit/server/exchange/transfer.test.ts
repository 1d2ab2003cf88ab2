import { randomBytes } from 'node:crypto'
import { constants, deflateRawSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { deferred } from '../../../../server/src/base/deferred.ts'
import type { Limits } from '../../../../server/src/base/limits.ts'
import { DataStream } from '../../../../server/src/codec/data-stream.ts'
import { deflateMessage } from '../../../../server/src/codec/raw-deflate.ts'
import { ReceivedStreams } from '../../../../server/src/exchange/received-streams.ts'
import { Transfer } from '../../../../server/src/exchange/transfer.ts'
import { type ChannelPairOptions, channelPair } from '../../../support/channel-pair.ts'
import { declared, exchangeOptions, pattern, section, streamId, turn } from '../../../support/stream-sections.ts'

/** The empty document, which is a message as good as any here. */
const document = Buffer.from('0500000000', 'hex')
const frame = deflateMessage(document)

/** Two ends that talk, the dialler first. */
function talking(limits: Partial<Limits> = {}, pairOptions: ChannelPairOptions = {}) {
  const pair = channelPair(pairOptions)
  const options = exchangeOptions(limits)
  return {
    sender: new Transfer(pair.dialler, options),
    receiver: new Transfer(pair.acceptor, options),
    options,
    pair,
    written: () => Buffer.concat(pair.dialler.writes),
    /** A message and its streams arrive. */
    async receive(streams: DataStream[]) {
      await this.receiver.receive(1_000)
      return new ReceivedStreams(pair.acceptor, 'the-message', streams, options)
    },
    [Symbol.asyncDispose]: () => pair[Symbol.asyncDispose](),
  }
}

function stream(n: number, content: Uint8Array | string): DataStream {
  const bytes = Buffer.from(content)
  return new DataStream(bytes.length, { stable: true, pump: async sink => void (await sink(bytes)) }, streamId(n))
}

describe('data streams', () => {
  test('D01 one stream follows its message: id, length, content, length, all in one write', async () => {
    await using world = talking()
    await world.sender.send({ document, streams: [stream(1, 'hello')] })
    expect(world.written().toString('hex')).toBe(
      `${frame.toString('hex')}33221100554477668899000000000001050000000000000068656c6c6f0500000000000000`,
    )
    expect(world.pair.dialler.writes).toHaveLength(1)
  })

  test('D02 several streams follow in their order, with the control lines around all', async () => {
    await using world = talking()
    await world.sender.send({ document, streams: [stream(2, 'two'), stream(1, 'one')] }, Buffer.from('PROCEED'), Buffer.from('NEXT'))
    const expected = [Buffer.from('PROCEED'), frame, section(2, 'two'), section(1, 'one'), Buffer.from('NEXT')]
    expect(world.written().equals(Buffer.concat(expected))).toBe(true)
    expect(world.pair.dialler.writes).toHaveLength(1)
  })

  test('D06 a producer of another length: all it wrote goes out, no trailer, and the reference’s text', async () => {
    for (const [content, length] of [
      ['ten bytes.', 100],
      ['ten bytes.', 3],
    ] as const) {
      await using world = talking()
      const wrong = new DataStream(length, { pump: async sink => void (await sink(Buffer.from(content))) }, streamId(1))
      const sent = world.sender.send({ document, streams: [wrong, stream(2, 'two')] }, undefined, undefined, 'the-message')
      await expect(sent).rejects.toMatchObject({
        kind: 'stream_size_mismatch',
        dotnetMessage: `Data stream size mismatch detected during send. Message Id: the-message, Stream ID: ${streamId(1)}, Declared length: ${length}, Actual bytes written: 10. Total length of all DataStreams to be sent is ${length + 3}.`,
        dotnetType: 'Halibut.Transport.Protocol.ProtocolException',
      })
      const whole = section(1, content, { header: BigInt(length) })
      expect(world.written().equals(Buffer.concat([frame, whole.subarray(0, whole.length - 8)]))).toBe(true)
    }
  })

  test('D06 where a mismatch is allowed, the trailer is sent all the same', async () => {
    await using world = talking({ throwOnDataStreamSizeMismatch: false })
    const wrong = new DataStream(100, { pump: async sink => void (await sink(Buffer.from('ten bytes.'))) }, streamId(1))
    await world.sender.send({ document, streams: [wrong] })
    expect(world.written().equals(Buffer.concat([frame, section(1, 'ten bytes.', { header: 100n })]))).toBe(true)
  })

  test('D07 a producer that throws fails the sending with its text, after what it wrote, and the other streams are released', async () => {
    for (let n = 0; n < 128; n++) {
      await using world = talking()
      const why = new Error(`broken ${n}`)
      const broken = DataStream.fromIterable(100, async function* () {
        yield Buffer.alloc(n)
        throw why
      })
      const other = stream(2, 'two')
      const sent = world.sender.send({ document, streams: [broken, other] })
      await expect(sent).rejects.toMatchObject({ kind: 'stream_failed', message: why.message, cause: why })
      expect(world.written()).toHaveLength(frame.length + 24 + n)
      expect(other.consumed).toBe(true)
    }
  })

  test('what a slow producer has given does not wait for what it has not', async () => {
    await using world = talking()
    const gate = deferred<void>()
    const slow = DataStream.fromIterable(6, async function* () {
      yield Buffer.from('one')
      await gate.promise
      yield Buffer.from('two')
    })
    const sent = world.sender.send({ document, streams: [slow] })
    await turn()
    await turn()
    expect(world.written()).toHaveLength(frame.length + 24 + 3)
    gate.resolve()
    await sent
    expect(world.written()).toHaveLength(frame.length + 24 + 6 + 8)
  })

  test('chunks that do not stay as they are are copied', async () => {
    await using world = talking()
    const shared = Buffer.alloc(6_000)
    const content = pattern(1, 18_000)
    const unstable = new DataStream(
      18_000,
      {
        async pump(sink) {
          for (let at = 0; at < content.length; at += shared.length) {
            content.copy(shared, 0, at, at + shared.length)
            const wait = sink(shared)
            shared.fill(0xee)
            await wait
          }
        },
      },
      streamId(1),
    )
    await world.sender.send({ document, streams: [unstable] })
    expect(world.written().subarray(frame.length).equals(section(1, content))).toBe(true)
  })

  test('long streams arrive as they were sent, with backpressure, and the line after them is read', async () => {
    await using world = talking()
    const contents = [pattern(1, 500_000), Buffer.alloc(0), pattern(3, 5_000)]
    const sent = world.sender.send(
      { document, streams: contents.map((content, n) => stream(n, content)) },
      undefined,
      Buffer.from('NEXT\r\n'),
    )
    const declarations = contents.map((content, n) => declared(n, content.length))
    const received = await world.receive(declarations)
    for (const [n, each] of declarations.entries()) expect((await each.bytes()).equals(contents[n] ?? Buffer.alloc(1))).toBe(true)
    await received.done
    await sent
    expect(await world.receiver.expectNextOrEnd(1_000)).toBe('NEXT')
  })

  test('M06 a message, a stream and a line arrive, wherever they are cut', async () => {
    await using world = talking({}, { toAcceptor: { dribble: true } })
    await world.sender.send({ document, streams: [stream(1, 'hello')] }, undefined, Buffer.from('NEXT\r\n'))
    const one = declared(1, 5)
    const received = await world.receive([one])
    expect(await one.text()).toBe('hello')
    await received.done
    expect(await world.receiver.expectNextOrEnd(1_000)).toBe('NEXT')
  })

  test('a stream that came can be sent on', async () => {
    await using world = talking()
    await using onward = talking()
    const content = pattern(1, 100_000)
    const sent = world.sender.send({ document, streams: [stream(1, content)] })
    const passing = declared(1, content.length)
    await world.receive([passing])
    const sentOn = onward.sender.send({ document, streams: [passing] })
    const arrived = declared(1, content.length)
    await onward.receive([arrived])
    expect((await arrived.bytes()).equals(content)).toBe(true)
    await Promise.all([sent, sentOn])
  })

  test('a connection that breaks under a producer fails the sending with the connection’s error', async () => {
    await using world = talking({}, { toAcceptor: { resetAfter: 50_000 } })
    const sent = world.sender.send({ document, streams: [stream(1, pattern(1, 400_000)), stream(2, 'two')] })
    const stop = world.pair.acceptor.readInto(400_000, () => undefined)
    await expect(stop).rejects.toMatchObject({ kind: 'connection_lost' })
    await expect(sent).rejects.toMatchObject({ kind: 'connection_lost' })
  })
})

describe('messages and lines', () => {
  test('a small message and its lines share a write, a large one is not copied for that', async () => {
    await using world = talking()
    await world.sender.send({ document, streams: [] }, Buffer.from('PROCEED\r\n'), Buffer.from('NEXT\r\n'))
    expect(world.pair.dialler.writes.map(String)).toEqual([`PROCEED\r\n${frame.toString()}NEXT\r\n`])
    await world.receiver.expectProceed(1_000)
    await world.receiver.receive(1_000)
    await world.receiver.expectNextOrEnd(1_000)
    const large = randomBytes(200_000)
    large.writeInt32LE(large.length)
    const sent = world.sender.send({ document: large, streams: [] }, Buffer.from('PROCEED\r\n'), Buffer.from('NEXT\r\n'))
    await world.receiver.expectProceed(1_000)
    expect((await world.receiver.receive(1_000)).equals(large)).toBe(true)
    expect(await world.receiver.expectNextOrEnd(1_000)).toBe('NEXT')
    await sent
    expect(world.pair.dialler.writes).toHaveLength(4)
  })

  test('M05 a message and the line behind it in one packet', async () => {
    await using world = talking()
    await world.sender.send({ document, streams: [] }, undefined, Buffer.from('NEXT\r\n'))
    expect((await world.receiver.receive(1_000)).equals(document)).toBe(true)
    expect(await world.receiver.expectNextOrEnd(1_000)).toBe('NEXT')
    expect(world.options.budget.used).toBe(0)
  })

  test('M08 a message that ends early is an end-of-stream error, and gives its memory back', async () => {
    await using world = talking()
    await world.pair.dialler.write(frame.subarray(0, frame.length - 1))
    const failed = expect(world.receiver.receive(1_000)).rejects.toMatchObject({
      kind: 'connection_lost',
      dotnetMessage: 'Attempted to read past the end of the stream.',
      dotnetType: 'System.IO.EndOfStreamException',
    })
    await world.pair.dialler.close()
    await failed
    expect(world.options.budget.used).toBe(0)
  })

  test('C02 empty lines are skipped, and another word is an error with the reference’s text', async () => {
    await using world = talking()
    await world.pair.dialler.write(Buffer.from('\r\n\r\nPROCEED\r\nNOPE\r\nnext\r\n'))
    await world.receiver.expectProceed(1_000)
    await expect(async () => world.receiver.expectProceed(1_000)).rejects.toMatchObject({
      kind: 'protocol_error',
      message: 'Expected PROCEED, got: NOPE',
    })
    await expect(async () => world.receiver.expectNextOrEnd(1_000)).rejects.toMatchObject({ message: 'Expected NEXT or END, got: next' })
  })

  test('END is written before the connection is closed, and a dead connection is closed without it', async () => {
    await using world = talking()
    const ended = world.sender.end()
    expect(await world.receiver.expectNextOrEnd(1_000)).toBe('END')
    await ended
    await world.receiver.end()
    expect(world.pair.acceptor.writes).toEqual([])
  })

  test('what an observer is told', async () => {
    await using world = talking()
    const told: unknown[] = []
    const observer = {
      controlSent: (line: string) => told.push(['sent', line]),
      controlReceived: (line: string) => told.push(['received', line]),
      messageSent: (sizes: object) => told.push(['sent', sizes]),
      messageReceived: (sizes: object) => told.push(['received', sizes]),
    }
    const seen = new Transfer(world.pair.acceptor, { ...world.options, observer })
    await seen.send({ document, streams: [] })
    await seen.sendNext()
    await world.sender.send({ document, streams: [] })
    await world.sender.sendProceed()
    await seen.receive(1_000)
    await seen.expectProceed(1_000)
    const sizes = { compressedBytes: frame.length, documentBytes: document.length }
    expect(told).toEqual([
      ['sent', sizes],
      ['sent', 'NEXT'],
      ['received', sizes],
      ['received', 'PROCEED'],
    ])
  })
})

describe('a large message', () => {
  /** Resolves with how many turns the event loop had until then. */
  async function turnsUntil(work: Promise<unknown>): Promise<number> {
    let turns = 0
    let over = false
    const count = (): void => {
      turns++
      if (!over) setImmediate(count)
    }
    setImmediate(count)
    await work
    over = true
    return turns
  }

  test('is deflated and inflated while others have their turn', async () => {
    await using world = talking()
    const large = Buffer.from(JSON.stringify(Array.from({ length: 1_500_000 }, (_, i) => i * 7919)))
    large.writeInt32LE(large.length)
    const sent = Promise.resolve(world.sender.send({ document: large, streams: [] }))
    const first = world.receiver.receive(10_000)
    expect(await turnsUntil(sent)).toBeGreaterThan(5)
    expect((await first).equals(large)).toBe(true)

    // All of it fits one read.
    const zeros = Buffer.alloc(60_000_000)
    zeros.writeInt32LE(zeros.length)
    const wire = deflateRawSync(zeros)
    expect(wire.length).toBeLessThan(64 * 1024)
    await world.pair.dialler.write(wire)
    const received = Promise.resolve(world.receiver.receive(10_000))
    expect(await turnsUntil(received)).toBeGreaterThan(2)
    expect((await received).equals(zeros)).toBe(true)
  })
})

describe('the end of a large message, which comes when the document has long been read', () => {
  const big = Buffer.alloc(100_000, 7)
  big.writeInt32LE(big.length)
  const unended = deflateRawSync(big, { finishFlush: constants.Z_SYNC_FLUSH })
  const end = Buffer.from('0300', 'hex')

  test('is passed over before a control line and before a message', async () => {
    await using world = talking()
    for (const following of ['line', 'message']) {
      await world.pair.dialler.write(unended)
      expect(await world.receiver.receive(1_000)).toHaveLength(big.length)
      await world.pair.dialler.write(end)
      await turn()
      if (following === 'line') {
        await world.sender.sendNext()
        expect(await world.receiver.expectNextOrEnd(1_000)).toBe('NEXT')
      } else {
        await world.sender.send({ document, streams: [] })
        expect(await world.receiver.receive(1_000)).toEqual(document)
      }
    }
  })

  test('is passed over before data streams', async () => {
    await using world = talking()
    await world.pair.dialler.write(unended)
    await world.receiver.receive(1_000)
    const hello = declared(1, 5)
    const received = world.receiver.receiveStreams('the-message', [hello])
    await world.pair.dialler.write(end)
    await turn()
    await world.pair.dialler.write(section(1, 'hello'))
    expect(await hello.text()).toBe('hello')
    await received.done
  })

  test('may never come: END is still END, though it might be DEFLATE as well', async () => {
    await using world = talking()
    await world.pair.dialler.write(unended)
    await world.receiver.receive(1_000)
    const ended = world.sender.end()
    expect(await world.receiver.expectNextOrEnd(1_000)).toBe('END')
    await ended
  })
})
