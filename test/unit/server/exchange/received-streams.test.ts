import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { deferred } from '../../../../server/src/base/deferred.ts'
import type { Limits } from '../../../../server/src/base/limits.ts'
import type { DataStream } from '../../../../server/src/codec/data-stream.ts'
import { ReceivedStreams } from '../../../../server/src/exchange/received-streams.ts'
import { type ChannelFaults, channelPair } from '../../../support/channel-pair.ts'
import { declared, exchangeOptions, pattern, section, streamId, turn, until } from '../../../support/stream-sections.ts'

const stallMs = 5_000

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})

afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

/** A message with data streams has been received on one end; the other end sends their sections. */
function receiving(streams: DataStream[], limits: Partial<Limits> = {}, toDialler: ChannelFaults = {}) {
  const pair = channelPair({ toDialler, receiveTimeoutMs: 0, sendTimeoutMs: 0 })
  const options = exchangeOptions({ streamStallMs: stallMs, spoolMemoryBytes: 1_000, ...limits })
  let spools = 0
  const received = new ReceivedStreams(pair.dialler, 'the-message', streams, {
    ...options,
    createSpool: () => {
      spools++
      return options.createSpool()
    },
  })
  return {
    received,
    dialler: pair.dialler,
    send: (...bytes: Uint8Array[]) => void pair.acceptor.write(Buffer.concat(bytes)),
    end: () => pair.acceptor.close(),
    get spools() {
      return spools
    },
    /** The next bytes after the sections: the connection is in step. */
    async next(): Promise<string | undefined> {
      return (await pair.dialler.read())?.toString()
    },
    [Symbol.asyncDispose]: () => pair[Symbol.asyncDispose](),
  }
}

/** Waits for a promise, and moves the clock on as long as that takes; it stands still while the disk works, which has no part in it. */
async function drive<T>(promise: Promise<T>): Promise<T> {
  let settled = false
  const settle = () => {
    settled = true
  }
  promise.then(settle, settle)
  const diskWorks = () => process.getActiveResourcesInfo().some(each => each.startsWith('FSReq'))
  while (!settled) {
    for (let quiet = 0; quiet < 3; quiet = diskWorks() ? 0 : quiet + 1) await turn()
    vi.advanceTimersByTime(1_000)
  }
  return promise
}

describe('sections and streams', () => {
  test('D03 sections in another order go to the streams they name', async () => {
    const [a, b, c] = [declared(1, 3), declared(2, 5), declared(3, 0)]
    await using world = receiving([a, b, c])
    world.send(section(3, ''), section(2, 'hello'), section(1, 'abc'), Buffer.from('NEXT'))
    expect(await Promise.all([a.text(), b.text(), c.text()])).toEqual(['abc', 'hello', ''])
    await world.received.done
    expect(await world.next()).toBe('NEXT')
    expect(world.spools).toBe(0)
  })

  test('D04 a section with an unknown id breaks off', async () => {
    const stream = declared(1, 3)
    await using world = receiving([stream])
    const text = stream.text()
    world.send(section(9, 'abc'))
    await expect(world.received.done).rejects.toMatchObject({
      kind: 'protocol_error',
      dotnetMessage: 'Unexpected stream!',
      phase: 'stream',
    })
    await expect(text).rejects.toMatchObject({ dotnetMessage: 'Unexpected stream!' })
  })

  test('D05 a trailer that differs from the header is an error with the reference’s text', async () => {
    const streams = [declared(1, 5), declared(2, 70)]
    await using world = receiving(streams)
    const text = streams[0]?.text()
    world.send(section(1, 'hello', { trailer: 6n }))
    const message = `Data stream size mismatch detected. Message Id: the-message, Stream ID: ${streamId(1)}, Expected length: 5, Actual length claimed at end: 6. Total length of all DataStreams to be sent is 75. Time elapsed downloading all streams: `
    const exact = new RegExp(`^${message.replaceAll('.', '\\.')}\\d+ms$`)
    await expect(world.received.done).rejects.toMatchObject({ kind: 'stream_size_mismatch', dotnetMessage: expect.stringMatching(exact) })
    await expect(text).rejects.toMatchObject({
      kind: 'stream_size_mismatch',
      dotnetType: 'Halibut.Transport.Protocol.ProtocolException',
    })
  })

  test('the end of input in the content is an error with the reference’s text', async () => {
    const stream = declared(1, 100)
    await using world = receiving([stream])
    const text = stream.text()
    world.send(section(1, 'ten bytes.', { header: 100n }).subarray(0, 34))
    await world.end()
    const message = `Data stream reading failed. Message Id: the-message, Stream ID: ${streamId(1)}, Expected length: 100, Actual bytes read: 10. Total length of all DataStreams to be sent is 100. Stream with length 100 was closed after only reading 10 bytes. Time elapsed downloading all streams: `
    const exact = new RegExp(`^${message.replaceAll('.', '\\.')}\\d+ms\\.$`)
    await expect(world.received.done).rejects.toMatchObject({ kind: 'stream_failed', dotnetMessage: expect.stringMatching(exact) })
    await expect(text).rejects.toMatchObject({ dotnetMessage: expect.stringMatching(exact) })
  })

  test.each([
    [10, ''],
    [10, 'NEXT\r\n'],
    [97, ''],
    [90, 'NEXT\r\n'],
    [0, ''],
  ])(
    'a section whose source got shorter (%i of 100 bytes, then the trailer and %j) is no success and no long wait',
    async (bytes, line) => {
      const stream = declared(1, 100)
      await using world = receiving([stream], { shortStreamMs: 500 })
      const failed = expect(stream.text()).rejects.toMatchObject({
        kind: 'stream_size_mismatch',
        message: `the data stream ${streamId(1)} was announced with 100 bytes, and ended after ${bytes}: its source got shorter`,
        dotnetMessage: expect.stringContaining(`Stream with length 100 was closed after only reading ${bytes} bytes`),
      })
      world.send(section(1, 'x'.repeat(bytes), { header: 100n }), Buffer.from(line))
      await drive(failed)
      await expect(world.received.done).rejects.toMatchObject({ kind: 'stream_size_mismatch', phase: 'stream' })
      expect(world.dialler.failure).toMatchObject({ kind: 'stream_size_mismatch' })
    },
  )

  test('a section that with all that was taken for it is as long as promised is no success either', async () => {
    const stream = declared(1, 100)
    await using world = receiving([stream])
    const failed = expect(stream.text()).rejects.toMatchObject({ kind: 'stream_size_mismatch' })
    world.send(section(1, 'x'.repeat(94), { header: 100n }), Buffer.from('NEXT\r\n'))
    await failed
  })

  test('a section whose source got shorter is told as that where the connection ends before the wait for more', async () => {
    const stream = declared(1, 100)
    await using world = receiving([stream])
    const failed = expect(stream.text()).rejects.toMatchObject({ kind: 'stream_size_mismatch' })
    world.send(section(1, 'ten bytes.', { header: 100n }))
    await world.end()
    await failed
  })

  test('content that only looks like a trailer for a while arrives whole', async () => {
    const stream = declared(1, 100)
    await using world = receiving([stream], { shortStreamMs: 500 })
    const text = stream.bytes()
    const [early, rest] = [section(1, 'ten bytes.', { header: 100n }), Buffer.alloc(82, 1)]
    world.send(early)
    await turn()
    vi.advanceTimersByTime(499)
    world.send(rest, early.subarray(16, 24))
    expect(await text).toEqual(Buffer.concat([early.subarray(24), rest]))
    await world.received.done
  })

  test('the end of input between sections fails what has not arrived, and nothing else', async () => {
    const [a, b] = [declared(1, 3), declared(2, 3)]
    await using world = receiving([a, b])
    world.send(section(1, 'abc'))
    const text = a.text()
    await world.end()
    expect(await text).toBe('abc')
    await expect(world.received.done).rejects.toMatchObject({ kind: 'connection_lost', phase: 'stream' })
    await expect(b.text()).rejects.toMatchObject({ dotnetMessage: 'Attempted to read past the end of the stream.' })
  })

  test('D08 an empty stream has 16 + 8 + 0 + 8 bytes, and needs no reader', async () => {
    const stream = declared(1, 0)
    await using world = receiving([stream])
    expect(section(1, '')).toHaveLength(32)
    world.send(section(1, ''))
    await world.received.done
    expect(await stream.bytes()).toHaveLength(0)
  })

  test('D10 a stream that is read twice fails with the reference’s text the second time', async () => {
    const stream = declared(1, 2)
    await using world = receiving([stream])
    world.send(section(1, 'ab'))
    expect(await stream.text()).toBe('ab')
    await expect(stream.text()).rejects.toMatchObject({
      kind: 'stream_consumed',
      message: 'This stream has already been received once, and it cannot be read again.',
    })
  })

  test('a negative length is an empty stream, an immense one an error', async () => {
    const stream = declared(1, 2)
    await using world = receiving([stream])
    world.send(section(1, '', { header: -5n }))
    await world.received.done
    expect(await stream.text()).toBe('')
    const other = declared(1, 2)
    await using second = receiving([other])
    second.send(section(1, '', { header: 2n ** 62n }))
    await expect(second.received.done).rejects.toMatchObject({ kind: 'protocol_error' })
  })

  test('the length in the header counts, not the one in the message', async () => {
    const stream = declared(1, 99)
    await using world = receiving([stream])
    world.send(section(1, 'hello'))
    expect(await stream.text()).toBe('hello')
  })

  test('of two documents with one id the first gets the section and the second an error', async () => {
    const [first, second] = [declared(1, 3), declared(1, 3)]
    await using world = receiving([first, second])
    const chunks: string[] = []
    const read = first.pump(chunk => void chunks.push(Buffer.from(chunk).toString()))
    const text = second.text()
    world.send(section(1, 'one'), section(1, 'two'), Buffer.from('NEXT'))
    await expect(text).rejects.toMatchObject({ kind: 'stream_failed', message: 'no section arrived for this data stream' })
    await Promise.all([read, world.received.done])
    expect(chunks).toEqual(['one'])
    expect(await world.next()).toBe('NEXT')
  })

  test('a stream whose connection failed before anybody asked fails when it is asked for', async () => {
    const stream = declared(1, 3)
    await using world = receiving([stream])
    world.dialler.destroy()
    await expect(world.received.done).rejects.toMatchObject({ kind: 'connection_lost' })
    await expect(stream.text()).rejects.toMatchObject({ kind: 'connection_lost', phase: 'stream' })
  })
})

describe('readers in their own time', () => {
  test('a reader that is fast enough gets the bytes without a spool', async () => {
    const content = pattern(1, 100_000)
    const stream = declared(1, content.length)
    await using world = receiving([stream])
    world.send(section(1, content))
    const chunks: Buffer[] = []
    await stream.pump(async chunk => {
      chunks.push(Buffer.from(chunk))
      await turn()
    })
    expect(Buffer.concat(chunks).equals(content)).toBe(true)
    expect(world.spools).toBe(0)
  })

  test('a stream that nobody asks for goes to the spool after a while, those after it at once', async () => {
    const contents = [1, 2, 3].map(n => pattern(n, 40_000))
    const streams = contents.map((content, i) => declared(i, content.length))
    await using world = receiving(streams)
    world.send(...contents.map((content, i) => section(i, content)), Buffer.from('NEXT'))
    await until(() => vi.getTimerCount() === 1)
    vi.advanceTimersByTime(stallMs - 1)
    await turn()
    expect(world.spools).toBe(0)
    vi.advanceTimersByTime(1)
    await world.received.done
    expect(world.spools).toBe(3)
    expect(await world.next()).toBe('NEXT')
    for (const [i, stream] of streams.entries()) expect((await stream.bytes()).equals(contents[i] ?? Buffer.alloc(0))).toBe(true)
  })

  test('who reads the second stream first waits for nobody', async () => {
    const [a, b] = [declared(1, 30_000), declared(2, 3)]
    await using world = receiving([a, b])
    world.send(section(1, pattern(1, 30_000)), section(2, 'two'))
    expect(await b.text()).toBe('two')
    expect(world.spools).toBe(1)
    expect((await a.bytes()).equals(pattern(1, 30_000))).toBe(true)
  })

  test('who asks for the second stream while the first one waits for a reader gets it', async () => {
    const [a, b] = [declared(1, 30_000), declared(2, 3)]
    await using world = receiving([a, b])
    world.send(section(1, pattern(1, 30_000)), section(2, 'two'))
    await until(() => vi.getTimerCount() === 1)
    expect(await b.text()).toBe('two')
    expect((await a.bytes()).equals(pattern(1, 30_000))).toBe(true)
  })

  test('a reader that stalls is served from the spool, and directly again once it has caught up', async () => {
    const content = pattern(1, 200_000)
    const stream = declared(1, content.length)
    await using world = receiving([stream])
    const whole = section(1, content)
    const chunks: Buffer[] = []
    const gate = deferred<void>()
    const read = stream.pump(chunk => {
      chunks.push(Buffer.from(chunk))
      return chunks.length === 2 ? gate.promise : undefined
    })
    world.send(whole.subarray(0, 100_000))
    await until(() => chunks.length === 2)
    expect(world.spools).toBe(0)
    vi.advanceTimersByTime(stallMs)
    // The wire goes on without its reader.
    await until(() => world.dialler.bytesRead === 100_000)
    await turn()
    expect(world.spools).toBe(1)
    expect(chunks).toHaveLength(2)
    gate.resolve()
    await until(() => Buffer.concat(chunks).length === 100_000 - 24)
    world.send(whole.subarray(100_000), Buffer.from('NEXT'))
    await read
    await world.received.done
    expect(Buffer.concat(chunks).equals(content)).toBe(true)
    expect(world.spools).toBe(1)
    expect(await world.next()).toBe('NEXT')
  })

  test('a slow reader that goes on makes the wire wait, so that a small spool is enough for a long stream', async () => {
    const content = pattern(1, 600_000)
    const stream = declared(1, content.length)
    await using world = receiving([stream], { spoolFileBytes: 100_000 })
    const whole = section(1, content)
    world.send(whole.subarray(0, 60_000))
    const chunks: Buffer[] = []
    const gate = deferred<void>()
    const read = stream.pump(chunk => {
      chunks.push(Buffer.from(chunk))
      if (chunks.length === 1) return gate.promise
      return chunks.length % 2 === 0 ? new Promise(resolve => setTimeout(resolve, 1_500)) : undefined
    })
    await until(() => chunks.length === 1)
    vi.advanceTimersByTime(stallMs)
    await until(() => world.dialler.bytesRead === 60_000)
    // It has stalled, and comes back: from here on the wire, which could fill the spool at once, keeps its pace.
    gate.resolve()
    world.send(whole.subarray(60_000))
    await drive(read)
    expect(Buffer.concat(chunks).equals(content)).toBe(true)
    expect(world.spools).toBe(1)
  })

  test('a reader that stalls at the very end delays neither the connection nor loses its last chunk', async () => {
    const stream = declared(1, 3)
    await using world = receiving([stream])
    world.send(section(1, 'abc'))
    const gate = deferred<void>()
    let finished = false
    const read = stream
      .pump(() => gate.promise)
      .then(() => {
        finished = true
      })
    await until(() => vi.getTimerCount() === 1)
    vi.advanceTimersByTime(stallMs)
    await world.received.done
    await turn()
    expect(finished).toBe(false)
    expect(world.spools).toBe(0)
    gate.resolve()
    await read
  })

  test('what was spooled before the connection broke can be read, then comes the error', async () => {
    const content = pattern(1, 50_000)
    const stream = declared(1, content.length)
    await using world = receiving([stream])
    world.send(section(1, content).subarray(0, 30_024))
    await until(() => vi.getTimerCount() === 1)
    vi.advanceTimersByTime(stallMs)
    await until(() => world.dialler.bytesRead === 30_024)
    await world.end()
    await expect(world.received.done).rejects.toMatchObject({ kind: 'stream_failed' })
    const chunks: Buffer[] = []
    const read = stream.pump(chunk => {
      chunks.push(Buffer.from(chunk))
      return undefined
    })
    await expect(read).rejects.toMatchObject({ dotnetMessage: expect.stringContaining('Actual bytes read: 30000') })
    expect(Buffer.concat(chunks).equals(content.subarray(0, 30_000))).toBe(true)
  })
})

describe('readers that want no more', () => {
  test('a reader whose sink throws gets its error, and the connection stays in step', async () => {
    const [a, b] = [declared(1, 100_000), declared(2, 3)]
    await using world = receiving([a, b])
    world.send(section(1, pattern(1, 100_000)), section(2, 'two'), Buffer.from('NEXT'))
    const failed = a.pump(() => {
      throw new Error('the disk is full')
    })
    const text = b.text()
    await expect(failed).rejects.toThrow('the disk is full')
    expect(await text).toBe('two')
    await world.received.done
    expect(await world.next()).toBe('NEXT')
  })

  test('a reader whose sink rejects, at once or after it stalled, gets its error, and the connection stays in step', async () => {
    for (const stalls of [false, true]) {
      const stream = declared(1, 100_000)
      await using world = receiving([stream])
      world.send(section(1, pattern(1, 100_000)), Buffer.from('NEXT'))
      const gate = deferred<void>()
      const failed = stream.pump(() => gate.promise)
      failed.catch(() => {})
      await until(() => vi.getTimerCount() === 1)
      if (stalls) {
        vi.advanceTimersByTime(stallMs)
        await until(() => world.spools === 1)
      }
      gate.reject(new Error('the disk is full'))
      await expect(failed).rejects.toThrow('the disk is full')
      await world.received.done
      expect(await world.next()).toBe('NEXT')
    }
  })

  test('a reader whose sink rejects while what the spool has waits for it gets its error, and nothing goes round', async () => {
    const stream = declared(1, 100_000)
    await using world = receiving([stream], { spoolMemoryBytes: 200_000 })
    world.send(section(1, pattern(1, 100_000)), Buffer.from('NEXT'))
    const gate = deferred<void>()
    const failed = stream.pump(() => gate.promise)
    failed.catch(() => {})
    await until(() => vi.getTimerCount() === 1)
    vi.advanceTimersByTime(stallMs)
    await until(() => world.spools === 1)
    await turn()
    gate.reject(new Error('the browser is gone'))
    await expect(failed).rejects.toThrow('the browser is gone')
    await world.received.done
    expect(await world.next()).toBe('NEXT')
  })

  test('bytes() beyond its limit fails and leaves the connection in step', async () => {
    const stream = declared(1, 50_000)
    await using world = receiving([stream])
    world.send(section(1, pattern(1, 50_000)), Buffer.from('NEXT'))
    await expect(stream.bytes(20_000)).rejects.toMatchObject({ kind: 'message_too_large' })
    await world.received.done
    expect(await world.next()).toBe('NEXT')
  })

  test.each(['before its section', 'while it waits for a reader', 'while it is spooled', 'after it was spooled'])(
    'a stream discarded %s is skipped',
    async when => {
      const stream = declared(1, 100_000)
      await using world = receiving([stream])
      const whole = section(1, pattern(1, 100_000))
      if (when === 'before its section') stream.discard()
      else {
        world.send(whole.subarray(0, 50_000))
        await until(() => vi.getTimerCount() === 1)
        if (when !== 'while it waits for a reader') {
          vi.advanceTimersByTime(stallMs)
          await until(() => world.dialler.bytesRead === 50_000)
        }
      }
      if (when !== 'after it was spooled') stream.discard()
      world.send(when === 'before its section' ? whole : whole.subarray(50_000), Buffer.from('NEXT'))
      await world.received.done
      stream.discard()
      expect(await world.next()).toBe('NEXT')
      await expect(stream.text()).rejects.toMatchObject({ kind: 'stream_consumed' })
    },
  )

  test('when a message is settled, what nobody asked for is skipped and what is still needed is spooled', async () => {
    const [a, b, empty, read] = [declared(1, 20_000), declared(2, 20_000), declared(3, 0), declared(4, 3)]
    await using world = receiving([a, b, empty, read])
    const text = read.text()
    world.received.settle(new Set([b, empty]))
    world.send(section(3, ''), section(1, pattern(1, 20_000)), section(2, pattern(2, 20_000)), section(4, 'abc'))
    await world.received.done
    expect(await text).toBe('abc')
    expect((await b.bytes()).equals(pattern(2, 20_000))).toBe(true)
    expect(await empty.text()).toBe('')
    await expect(a.text()).rejects.toMatchObject({ kind: 'stream_consumed' })
  })

  test('what is settled after its section is as it was', async () => {
    const empty = declared(1, 0)
    await using world = receiving([empty])
    world.send(section(1, ''))
    await world.received.done
    world.received.settle(new Set([empty]))
    expect(await empty.text()).toBe('')
  })

  test('a stream that outgrows its spool unread is given up, and the connection stays in step', async () => {
    const [a, b] = [declared(1, 100_000), declared(2, 3)]
    await using world = receiving([a, b], { spoolFileBytes: 50_000 })
    world.send(section(1, pattern(1, 100_000)), section(2, 'two'), Buffer.from('NEXT'))
    expect(await b.text()).toBe('two')
    await world.received.done
    expect(await world.next()).toBe('NEXT')
    await expect(a.bytes()).rejects.toMatchObject({ kind: 'stream_stalled', message: expect.stringContaining('spool is full') })
  })

  test('a spooled stream that nobody reads is freed after a while', async () => {
    const stream = declared(1, 5_000)
    await using world = receiving([stream], { streamUnreadMs: 60_000 })
    world.send(section(1, pattern(1, 5_000)))
    await until(() => vi.getTimerCount() === 1)
    vi.advanceTimersByTime(stallMs)
    await world.received.done
    vi.advanceTimersByTime(60_000)
    await expect(stream.bytes()).rejects.toMatchObject({ kind: 'stream_stalled' })
  })

  test('a connection that is lost under a stalled reader leaves no spool and no timer', async () => {
    const stream = declared(1, 100_000)
    await using world = receiving([stream])
    world.send(section(1, pattern(1, 100_000)))
    const failed = stream.pump(() => new Promise(() => {}))
    failed.catch(() => {})
    await until(() => vi.getTimerCount() === 1)
    world.dialler.destroy()
    await expect(world.received.done).rejects.toMatchObject({ kind: 'connection_lost' })
    await expect(failed).rejects.toMatchObject({ kind: 'connection_lost' })
    expect(world.spools).toBe(0)
  })
})

test('whatever the order of sections and the habits of readers, each gets its bytes and the connection stays in step', async () => {
  const habit = fc.constantFrom('eager', 'late', 'slow', 'stalling', 'discarding', 'throwing', 'absent')
  const plan = fc.record({
    streams: fc.array(fc.record({ length: fc.constantFrom(0, 1, 999, 1_001, 20_000, 70_000), habit, rank: fc.nat() }), {
      minLength: 1,
      maxLength: 6,
    }),
    dribble: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(plan, async ({ streams, dribble }) => {
      const contents = streams.map((each, n) => pattern(n, dribble ? each.length % 2_000 : each.length))
      const received = contents.map((content, n) => declared(n, content.length))
      await using world = receiving(received, {}, { dribble })
      const order = streams.map((each, n) => ({ n, rank: each.rank })).sort((a, b) => a.rank - b.rank)
      world.send(...order.map(({ n }) => section(n, contents[n] ?? '')), Buffer.from('N'))
      const after = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms))
      const readers = streams.map(async (each, n) => {
        const stream = received[n]
        const content = contents[n]
        if (!stream || !content) throw new Error('unreachable')
        if (each.habit === 'absent') return
        if (each.habit === 'late') await after((each.rank % 4) * 3_000)
        if (each.habit === 'discarding') return stream.discard()
        if (each.habit === 'throwing') {
          const thrown = stream.pump(() => {
            throw new Error('enough')
          })
          await (content.length === 0 ? thrown : expect(thrown).rejects.toThrow('enough'))
          return
        }
        const chunks: Buffer[] = []
        let at = 0
        await stream.pump(chunk => {
          chunks.push(Buffer.from(chunk))
          if (each.habit === 'slow') return after(100)
          return each.habit === 'stalling' && at++ % 100 === each.rank % 3 ? after(stallMs * 2) : undefined
        })
        expect(Buffer.concat(chunks).equals(content)).toBe(true)
      })
      await drive(Promise.all([world.received.done, ...readers]))
      expect(await world.next()).toBe('N')
      for (const stream of received) stream.discard()
    }),
    { numRuns: 60 },
  )
})
