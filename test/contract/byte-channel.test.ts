import { describe, expect, test } from 'vitest'
import type { ByteChannel } from '../../server/src/base/byte-channel.ts'
import { channelPair } from '../support/channel-pair.ts'
import { socketPair } from '../support/socket-pair.ts'

interface Ends extends AsyncDisposable {
  readonly channel: ByteChannel
  readonly other: ByteChannel
}

interface Timeouts {
  receiveTimeoutMs?: number
  sendTimeoutMs?: number
}

const implementations: [string, (timeouts?: Timeouts) => Promise<Ends>][] = [
  ['a dialled TLS channel', async timeouts => ends(await socketPair(timeouts), 'dialler')],
  ['an accepted TLS channel', async timeouts => ends(await socketPair(timeouts), 'acceptor')],
  ['a channel in memory', async timeouts => ends(channelPair(timeouts), 'dialler')],
]

function ends(pair: { dialler: ByteChannel; acceptor: ByteChannel } & AsyncDisposable, side: 'dialler' | 'acceptor'): Ends {
  return {
    channel: pair[side],
    other: pair[side === 'dialler' ? 'acceptor' : 'dialler'],
    [Symbol.asyncDispose]: () => pair[Symbol.asyncDispose](),
  }
}

async function readExactly(channel: ByteChannel, length: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  await channel.readInto(length, chunk => {
    chunks.push(Buffer.from(chunk))
    return undefined
  })
  return Buffer.concat(chunks)
}

async function readToEnd(channel: ByteChannel): Promise<Buffer> {
  const chunks: Buffer[] = []
  for (let chunk = await channel.read(); chunk; chunk = await channel.read()) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function pattern(length: number, seed = 7): Buffer {
  const bytes = Buffer.alloc(length)
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + seed) & 0xff
  return bytes
}

describe.each(implementations)('%s', (_name, connect) => {
  test('tells whom a caller’s certificate names, as often as it is asked', async () => {
    await using pair = await connect()
    const { channel } = pair
    const names = channel.certificateNames()
    if (channel.peer.role === 'acceptor') expect(names).toEqual({ subject: expect.stringContaining('CN='), issuer: names?.subject })
    else expect(names).toBeUndefined()
    expect(channel.certificateNames()).toEqual(names)
  })

  test('tells the cipher of TLS by its name as long as there is a connection', async () => {
    const pair = await connect()
    expect(pair.channel.cipher()).toMatch(/^TLS_[A-Z0-9_]+$/)
    await pair[Symbol.asyncDispose]()
    await pair.channel.closed
    expect(pair.channel.cipher()).toBeUndefined()
  })

  test('reads what the other end wrote, in order', async () => {
    await using pair = await connect()
    const { channel, other } = pair
    other.write(Buffer.from('one '))
    other.write(Buffer.from('two '))
    other.write(Buffer.from('three'))
    expect((await readExactly(channel, 13)).toString()).toBe('one two three')
    expect(channel.bytesRead).toBe(13)
    expect(other.bytesWritten).toBe(13)
  })

  test('carries bytes both ways at once', async () => {
    await using pair = await connect()
    const { channel, other } = pair
    const up = pattern(1_500_000, 1)
    const down = pattern(1_500_000, 2)
    const [gotDown, gotUp] = await Promise.all([
      readExactly(channel, down.length),
      readExactly(other, up.length),
      channel.write(up),
      other.write(down),
    ])
    expect(gotUp.equals(up)).toBe(true)
    expect(gotDown.equals(down)).toBe(true)
  })

  test('reads without a promise when bytes are there', async () => {
    await using pair = await connect()
    const { channel, other } = pair
    other.write(Buffer.from('abcdef'))
    const first = await channel.read()
    expect(first?.toString()).toBe('abcdef')
    channel.unread(Buffer.from('def'))
    channel.unread(Buffer.from('abc'))
    const a = channel.read()
    const b = channel.read()
    expect(Buffer.isBuffer(a) && a.toString()).toBe('abc')
    expect(Buffer.isBuffer(b) && b.toString()).toBe('def')
  })

  test('bytes put back come before bytes that arrive later', async () => {
    await using pair = await connect()
    const { channel, other } = pair
    other.write(Buffer.from('xy'))
    const first = await readExactly(channel, 2)
    channel.unread(first.subarray(1))
    channel.unread(Buffer.alloc(0))
    other.write(Buffer.from('z'))
    expect((await readExactly(channel, 2)).toString()).toBe('yz')
  })

  test('the bytes of a read stay as they are when more arrives', async () => {
    await using pair = await connect()
    const { channel, other } = pair
    other.write(Buffer.from('first'))
    const first = await channel.read()
    other.write(Buffer.from('second'))
    await readExactly(channel, 6)
    expect(first?.toString()).toBe('first')
  })

  test('readInto stops at its length and leaves the rest to be read', async () => {
    await using pair = await connect()
    const { channel, other } = pair
    other.write(Buffer.from('headtail'))
    expect((await readExactly(channel, 4)).toString()).toBe('head')
    expect((await readExactly(channel, 4)).toString()).toBe('tail')
    await channel.readInto(0, () => {
      throw new Error('nothing was to be read')
    })
  })

  test('readInto waits for a slow sink and gives it every byte', async () => {
    await using pair = await connect()
    const { channel, other } = pair
    const sent = pattern(400_000)
    const written = other.write(sent)
    const got: Buffer[] = []
    let busy = false
    await channel.readInto(sent.length, chunk => {
      expect(busy).toBe(false)
      busy = true
      got.push(Buffer.from(chunk))
      return new Promise(resolve =>
        setImmediate(() => {
          busy = false
          resolve()
        }),
      )
    })
    await written
    expect(Buffer.concat(got).equals(sent)).toBe(true)
  })

  test('a sink that throws ends the transfer with its error, and the channel', async () => {
    await using pair = await connect()
    const { channel, other } = pair
    other.write(pattern(1_000))
    const failure = new Error('the disk is full')
    const transfer = channel.readInto(1_000, () => {
      throw failure
    })
    await expect(transfer).rejects.toBe(failure)
    expect(channel.failure).toBe(failure)
    await expect(channel.read()).rejects.toBe(failure)
    await Promise.all([channel.closed, other.closed])
  })

  test('a sink that rejects ends the transfer with its error, and the channel', async () => {
    await using pair = await connect()
    const { channel, other } = pair
    other.write(pattern(1_000))
    const failure = new Error('the disk is full')
    await expect(channel.readInto(1_000, () => Promise.reject(failure))).rejects.toBe(failure)
    expect(channel.failure).toBe(failure)
  })

  test('at the end of input read gives undefined, again and again', async () => {
    await using pair = await connect()
    const { channel, other } = pair
    other.write(Buffer.from('last words'))
    const closed = other.close()
    expect((await readToEnd(channel)).toString()).toBe('last words')
    expect(channel.read()).toBeUndefined()
    await Promise.all([closed, channel.closed])
    expect(channel.read()).toBeUndefined()
    expect(channel.failure).toBe('closed')
    expect(other.failure).toBe('closed')
  })

  test('an end of input in the middle of a transfer is an error and destroys the channel', async () => {
    await using pair = await connect()
    const { channel, other } = pair
    other.write(Buffer.from('half'))
    const transfer = readExactly(channel, 8)
    void other.close()
    await expect(transfer).rejects.toMatchObject({
      kind: 'connection_lost',
      dotnetMessage: 'Attempted to read past the end of the stream.',
      dotnetType: 'System.IO.EndOfStreamException',
    })
    await channel.closed
    expect(channel.failure).toMatchObject({ kind: 'connection_lost' })
  })

  test('what arrived before the other end closed can be read when the socket is gone', async () => {
    await using pair = await connect()
    const { channel, other } = pair
    const sent = pattern(30_000)
    const transfer = readExactly(channel, 1)
    other.write(sent)
    void other.close()
    await transfer
    await channel.closed
    expect((await readToEnd(channel)).equals(sent.subarray(1))).toBe(true)
  })

  test('close sends everything written before it ends', async () => {
    await using pair = await connect()
    const { channel, other } = pair
    const sent = pattern(700_000)
    void channel.write(sent)
    const closed = channel.close(10_000)
    expect((await readToEnd(other)).equals(sent)).toBe(true)
    await closed
    expect(channel.failure).toBe('closed')
    await expect(channel.read()).rejects.toMatchObject({ kind: 'connection_lost' })
    await expect(channel.write(Buffer.from('x'))).rejects.toMatchObject({ kind: 'connection_lost' })
  })

  test('close is bounded by its grace when the other end takes nothing', async () => {
    await using pair = await connect()
    const { channel, other } = pair
    void channel.write(pattern(20_000_000))
    await channel.close(50)
    expect(channel.failure).toBeInstanceOf(Error)
    other.destroy()
  })

  test('destroy rejects what waits, with its reason, and the other end sees a reset', async () => {
    await using pair = await connect()
    const { channel, other } = pair
    // Both ends are through with the handshake; while TLS still writes, Node reports a reset as an end of input.
    channel.write(Buffer.from('ping'))
    await readExactly(other, 4)
    other.write(Buffer.from('pong'))
    await readExactly(channel, 4)
    const why = new Error('enough')
    const read = channel.read()
    const otherRead = other.read()
    channel.destroy(why)
    channel.destroy(new Error('too late'))
    await expect(read).rejects.toBe(why)
    expect(channel.failure).toBe(why)
    await expect(channel.read()).rejects.toBe(why)
    await expect(channel.write(Buffer.from('x'))).rejects.toBe(why)
    await expect(otherRead).rejects.toMatchObject({
      kind: 'connection_lost',
      dotnetMessage: 'Unable to read data from the transport connection: Connection reset by peer.',
      dotnetType: 'System.IO.IOException',
    })
    await Promise.all([channel.closed, other.closed])
    expect(other.failure).toMatchObject({ kind: 'connection_lost' })
    await channel.close()
  })

  test('a read that waits too long fails with the text of .NET, and so does everything after it', async () => {
    await using pair = await connect()
    const { channel } = pair
    channel.receiveTimeoutMs = 30
    const error = await Promise.resolve(channel.read()).catch(error => error)
    expect(error).toMatchObject({
      kind: 'io_timeout',
      dotnetMessage: 'Unable to read data from the transport connection: Connection timed out.',
    })
    await expect(channel.read()).rejects.toBe(error)
    await expect(channel.write(Buffer.from('x'))).rejects.toBe(error)
    await channel.closed
  })

  test('a stall in the middle of a transfer fails it after the receive timeout', async () => {
    await using pair = await connect()
    const { channel, other } = pair
    channel.receiveTimeoutMs = 30
    other.write(Buffer.from('half'))
    await expect(readExactly(channel, 8)).rejects.toMatchObject({ kind: 'io_timeout' })
  })

  test('the receive timeout is taken anew for each wait', async () => {
    await using pair = await connect()
    const { channel, other } = pair
    channel.receiveTimeoutMs = 20
    other.write(Buffer.from('a'))
    expect(String(await channel.read())).toBe('a')
    channel.receiveTimeoutMs = 0
    const read = channel.read()
    const started = performance.now()
    await new Promise<void>(resolve => {
      const turn = (): void => void (performance.now() - started > 60 ? resolve() : setImmediate(turn))
      turn()
    })
    other.write(Buffer.from('b'))
    expect(String(await read)).toBe('b')
    channel.receiveTimeoutMs = 20
    await expect(channel.read()).rejects.toMatchObject({ kind: 'io_timeout' })
  })

  test('a write to someone who takes nothing waits, and fails with the text of .NET', async () => {
    await using pair = await connect()
    const { channel } = pair
    channel.sendTimeoutMs = 50
    const written = channel.write(pattern(20_000_000))
    await expect(written).rejects.toMatchObject({
      kind: 'io_timeout',
      dotnetMessage: 'Unable to write data to the transport connection: Connection timed out.',
    })
    expect(channel.failure).toMatchObject({ kind: 'io_timeout' })
  })

  test('a large write resolves once the other end has taken enough of it', async () => {
    await using pair = await connect()
    const { channel, other } = pair
    const sent = pattern(3_000_000)
    const written = channel.write(sent)
    expect(written).toBeInstanceOf(Promise)
    let resolved = false
    void written?.then(() => {
      resolved = true
    })
    const got = await readExactly(other, sent.length)
    await written
    expect(resolved).toBe(true)
    expect(got.equals(sent)).toBe(true)
    expect(channel.write(Buffer.from('small'))).toBeUndefined()
  })

  test('a write that did not wait for the one before keeps its place', async () => {
    await using pair = await connect()
    const { channel, other } = pair
    const first = pattern(2_000_000, 1)
    const second = pattern(10, 2)
    const third = pattern(600_000, 3)
    void channel.write(first)
    void channel.write(second)
    void channel.write(third)
    const all = Buffer.concat([first, second, third])
    expect((await readExactly(other, all.length)).equals(all)).toBe(true)
  })

  test('two reads at once are refused', async () => {
    await using pair = await connect()
    const { channel, other } = pair
    const first = channel.read()
    await expect(channel.read()).rejects.toMatchObject({ kind: 'internal_error' })
    await expect(readExactly(channel, 1)).rejects.toMatchObject({ kind: 'internal_error' })
    other.write(Buffer.from('x'))
    expect(String(await first)).toBe('x')
  })

  test('tells who is at the other end', async () => {
    await using pair = await connect()
    const { channel, other } = pair
    expect([channel.peer.role, other.peer.role].sort()).toEqual(['acceptor', 'dialler'])
    expect(channel.peer.thumbprint).toMatch(/^[0-9A-F]{40}$/)
    expect(channel.peer.thumbprint256).toMatch(/^[0-9A-F]{64}$/)
    expect(channel.peer.remoteAddress).toMatch(/:\d+$/)
    expect(channel.peer.protocol).toBe('TLSv1.3')
  })
})
