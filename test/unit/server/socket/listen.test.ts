import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { describe, expect, test, vi } from 'vitest'
import { deferred } from '../../../../server/src/base/deferred.ts'
import { listen, listenAdvice } from '../../../../server/src/socket/listen.ts'
import { sharedReadBuffer } from '../../../../server/src/socket/shared-read-buffer.ts'
import { rsaIdentity, testIdentity } from '../../../support/certificates.ts'
import { dialRaw } from '../../../support/raw-peer.ts'
import { patient, testLine, testListener } from '../../../support/socket-pair.ts'

const alice = testIdentity('alice')

/** Dials without TLS; `closedWith` gives everything that came back. */
function dialPlain(port: number): Socket & { closedWith: Promise<string> } {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.on('data', chunk => {
    text += chunk.toString('latin1')
  })
  socket.on('error', () => undefined)
  return Object.assign(socket, { closedWith: new Promise<string>(resolve => socket.once('close', () => resolve(text))) })
}

describe('listen', () => {
  test('asks for the peer’s certificate and judges none', async () => {
    await using listener = await testListener()
    await using peer = await dialRaw(listener.port, { certificate: alice })
    const channel = await listener.accept()
    expect(channel.peer).toEqual({
      remoteAddress: `[::ffff:127.0.0.1]:${peer.socket.localPort}`,
      role: 'acceptor',
      thumbprint: alice.thumbprint,
      thumbprint256: alice.thumbprint256,
      expiresMs: expect.any(Number),
      protocol: 'TLSv1.3',
    })
    expect(peer.peerThumbprint).toBe(testIdentity('acceptor').thumbprint)
  })

  test('reads into the one buffer of all sockets, so that a data stream leaves no garbage', async () => {
    await using listener = await testListener()
    await using peer = await dialRaw(listener.port, { certificate: alice })
    const channel = await listener.accept()
    const seen = new Set<ArrayBufferLike>()
    const read = channel.readInto(100_000, chunk => {
      seen.add(chunk.buffer)
      return undefined
    })
    await peer.write(Buffer.alloc(100_000))
    await read
    expect([...seen]).toEqual([sharedReadBuffer.buffer])
  })

  test('lets callers without a certificate through TLS, and says that they have none', async () => {
    await using listener = await testListener()
    await using peer = await dialRaw(listener.port)
    const channel = await listener.accept()
    expect(channel.peer).toMatchObject({ thumbprint: undefined, thumbprint256: undefined })
    await peer.write('HELLO')
    expect(String(await channel.read())).toBe('HELLO')
  })

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'T18 a peer that speaks %s and nothing else is served, with an RSA certificate too',
    async version => {
      await using listener = await testListener({ certificate: await rsaIdentity() })
      await using peer = await dialRaw(listener.port, { certificate: await rsaIdentity(), minVersion: version, maxVersion: version })
      const channel = await listener.accept()
      expect(channel.peer.protocol).toBe(version)
      expect(channel.peer.thumbprint).toBe((await rsaIdentity()).thumbprint)
      await peer.write('ping')
      expect(String(await channel.read())).toBe('ping')
      void channel.write(Buffer.from('pong'))
      expect(String(await peer.readExactly(4))).toBe('pong')
    },
  )

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('resumes no session under %s, so that each caller shows its certificate', async version => {
    await using listener = await testListener()
    let session: Buffer | undefined
    for (let i = 0; i < 3; i++) {
      const socket: TLSSocket = connectTls({
        port: listener.port,
        host: '127.0.0.1',
        rejectUnauthorized: false,
        cert: alice.certificatePem,
        key: alice.keyPem,
        minVersion: version,
        maxVersion: version,
        ...(session && { session }),
      })
      socket.on('session', ticket => {
        session = ticket
      })
      await once(socket, 'secureConnect')
      const channel = await listener.accept()
      expect(socket.isSessionReused()).toBe(false)
      expect(channel.peer.thumbprint).toBe(alice.thumbprint)
      void channel.write(Buffer.from('x'))
      await once(socket, 'data')
      session ??= socket.getSession()
      socket.destroy()
      await once(socket, 'close')
    }
    expect(session).toBeInstanceOf(Buffer)
  })

  test('T07 a peer that closes straight after TLS does no harm, and the next one is served', async () => {
    await using listener = await testListener()
    const peer = await dialRaw(listener.port, { certificate: alice })
    peer.end()
    const channel = await listener.accept()
    expect(await channel.read()).toBeUndefined()
    await channel.closed
    expect(channel.failure).toBe('closed')
    await peer.closed
    await using next = await dialRaw(listener.port, { certificate: alice })
    await next.write('x')
    expect(String(await (await listener.accept()).read())).toBe('x')
  })

  test('T17 a caller that speaks plain HTTP is dropped at once, and the next one is served', async () => {
    await using listener = await testListener()
    const caller = dialPlain(listener.port)
    caller.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await caller.closedWith
    const { error, remoteAddress } = await listener.rejection()
    expect(error).toMatchObject({ kind: 'tls_failed', phase: 'tls' })
    expect(error.message).toContain('http request')
    expect(remoteAddress).toMatch(/^\[::ffff:127\.0\.0\.1\]:\d+$/)
    await using peer = await dialRaw(listener.port, { certificate: alice })
    expect(peer.ended).toBe(false)
    await listener.accept()
  })

  test('a caller that sends noise is dropped', async () => {
    await using listener = await testListener()
    const caller = dialPlain(listener.port)
    caller.write(Buffer.from('\x16\x03\x01\x00\x10noise noise noise', 'latin1'))
    await caller.closedWith
    expect((await listener.rejection()).error).toMatchObject({ kind: 'tls_failed' })
  })

  test('a caller that says nothing is dropped after the handshake’s time', async () => {
    await using listener = await testListener({ line: testLine({ acceptTimeoutMs: 30 }) })
    const caller = dialPlain(listener.port)
    await caller.closedWith
    expect((await listener.rejection()).error).toMatchObject({ kind: 'io_timeout', phase: 'tls' })
  })

  test('a caller that dribbles its handshake is dropped after the handshake’s time too', async () => {
    await using listener = await testListener({ line: testLine({ acceptTimeoutMs: 60 }) })
    const caller = dialPlain(listener.port)
    const dribble = setInterval(() => void caller.write(Buffer.from([0x16])), 5)
    await caller.closedWith
    clearInterval(dribble)
  })

  test('connections from one port of a caller to two addresses of ours are not taken for each other', async () => {
    await using listener = await testListener({ host: '0.0.0.0', line: testLine({ acceptTimeoutMs: 200 }) })
    const from = { port: listener.port, localAddress: '127.0.0.1' }
    const first = connect({ ...from, host: '127.0.0.1' })
    await once(first, 'connect')
    const half = connect({ ...from, host: '127.0.0.2', localPort: first.localPort as number })
    half.on('error', () => undefined)
    await once(half, 'connect')
    const peer = connectTls({ socket: first, rejectUnauthorized: false, cert: alice.certificatePem, key: alice.keyPem })
    // It begins while the handshake of the other one is under way.
    half.write(Buffer.from([0x16, 3, 1]))
    const channel = await listener.accept()
    expect((await listener.rejection()).error).toMatchObject({ kind: 'io_timeout', phase: 'tls' })
    peer.write('still there')
    expect(String(await channel.read())).toBe('still there')
    peer.destroy()
  })

  test.each([
    ['closes', (socket: Socket) => void socket.end()],
    ['resets', (socket: Socket) => void socket.resetAndDestroy()],
  ])('a caller that %s in the handshake is dropped', async (_what, leave) => {
    await using listener = await testListener()
    const caller = dialPlain(listener.port)
    await once(caller, 'connect')
    leave(caller)
    expect((await listener.rejection()).error).toMatchObject({ kind: 'connection_lost', phase: 'tls' })
    await caller.closedWith
  })

  test('callers beyond the limit of the line are reset, and the limit frees itself', async () => {
    await using listener = await testListener({ line: testLine({ maxWaitingConnections: 2 }) })
    const waiting = [dialPlain(listener.port), dialPlain(listener.port)]
    await Promise.all(waiting.map(caller => once(caller, 'connect')))
    const surplus = dialPlain(listener.port)
    await surplus.closedWith
    expect((await listener.rejection()).error).toMatchObject({ kind: 'connection_limit' })
    for (const caller of waiting) {
      caller.destroy()
      await listener.rejection()
    }
    await using peer = await dialRaw(listener.port, { certificate: alice })
    expect(peer.ended).toBe(false)
    await listener.accept()
  })

  test('callers beyond the limit of handshakes wait until one of them is over', async () => {
    await using listener = await testListener({ line: testLine({ maxUnidentifiedConnections: 2 }) })
    const half = [dialPlain(listener.port), dialPlain(listener.port)]
    for (const caller of half) caller.write(Buffer.from([0x16]))
    await vi.waitUntil(() => listener.line.openings.size === 2)
    const dialling = dialRaw(listener.port, { certificate: alice })
    await vi.waitUntil(() => listener.line.size === 1)
    half[0]?.destroy()
    await using peer = await dialling
    expect(peer.ended).toBe(false)
    half[1]?.destroy()
    await listener.accept()
  })

  test('callers that say nothing, and such as have begun and stop, hold nobody up', async () => {
    await using listener = await testListener({ line: testLine({ maxUnidentifiedConnections: 3 }) })
    const silent = Array.from({ length: 20 }, () => dialPlain(listener.port))
    const half = [dialPlain(listener.port), dialPlain(listener.port)]
    for (const caller of half) caller.write(Buffer.from([0x16, 3, 1]))
    await vi.waitUntil(() => listener.line.size === 20 && listener.line.openings.size === 2)
    for (let i = 0; i < 5; i++) {
      const peer = await dialRaw(listener.port, { certificate: alice })
      await listener.accept()
      peer.destroy()
    }
    for (const caller of [...silent, ...half]) caller.destroy()
  })

  test('a caller that sends more than one can have to say before the handshake is reset', async () => {
    const line = testLine({ maxUnidentifiedConnections: 1 })
    await using listener = await testListener({ line })
    const half = dialPlain(listener.port)
    half.write(Buffer.from([0x16]))
    await vi.waitUntil(() => line.openings.size === 1)
    const much = dialPlain(listener.port)
    await once(much, 'connect')
    much.write(Buffer.alloc(60_000, 0x16))
    await much.closedWith
    expect((await listener.rejection()).error).toMatchObject({
      kind: 'connection_limit',
      message: expect.stringContaining('bytes came before'),
    })
    half.destroy()
  })

  test('a connection can be destroyed in the turn in which it is handed over', async () => {
    let handedOver = 0
    await using listener = await testListener({
      onConnection(channel) {
        handedOver++
        channel.destroy()
      },
    })
    for (let i = 0; i < 20; i++) {
      const peer = await dialRaw(listener.port, { certificate: alice })
      await peer.closed
    }
    expect(handedOver).toBe(20)
  })

  test('close stops accepting, drops handshakes and leaves live channels to their owner', async () => {
    const listener = await testListener()
    await using peer = await dialRaw(listener.port, { certificate: alice })
    const channel = await listener.accept()
    const half = dialPlain(listener.port)
    await once(half, 'connect')
    // The half-open caller has been accepted when a later one is through.
    await using later = await dialRaw(listener.port, { certificate: alice })
    await listener.accept()
    await listener.close()
    await half.closedWith
    const refused = connect(listener.port, '127.0.0.1')
    const [error] = await once(refused, 'error')
    expect(error).toMatchObject({ code: 'ECONNREFUSED' })
    await peer.write('still there')
    expect(String(await channel.read())).toBe('still there')
    void channel.write(Buffer.from('yes'))
    expect(String(await peer.readExactly(3))).toBe('yes')
    await listener.close()
    await listener[Symbol.asyncDispose]()
    await later.closed
  })

  test('a reset peer gives the channel the text of .NET', async () => {
    await using listener = await testListener()
    const peer = await dialRaw(listener.port, { certificate: alice })
    const channel = await listener.accept()
    await peer.write('half a mess')
    await channel.readInto(11, () => undefined)
    void channel.write(Buffer.from('go on'))
    await peer.readExactly(5)
    const read = Promise.resolve(channel.read())
    peer.reset()
    await expect(read).rejects.toMatchObject({
      kind: 'connection_lost',
      dotnetMessage: 'Unable to read data from the transport connection: Connection reset by peer.',
    })
    await Promise.all([channel.closed, peer.closed])
  })

  test('what was written at once arrives as one TLS record', async () => {
    await using listener = await testListener()
    await using peer = await dialRaw(listener.port, { certificate: alice })
    const channel = await listener.accept()
    void channel.write(Buffer.alloc(9_000, 1))
    await peer.readExactly(9_000)
    expect(peer.pieces).toEqual([9_000])
  })

  test('a reader that stops stops the sender, and loses nothing', async () => {
    await using listener = await testListener()
    await using peer = await dialRaw(listener.port, { certificate: alice })
    const channel = await listener.accept()
    let sent = false
    const sending = peer.write(Buffer.alloc(30_000_000, 5)).then(() => {
      sent = true
    })
    const { promise: gate, resolve: open } = deferred<void>()
    let total = 0
    const reading = channel.readInto(30_000_000, chunk => {
      total += chunk.length
      return total === chunk.length ? gate : undefined
    })
    // Until nothing has moved for many turns: what fits between the two has been filled.
    for (let still = 0, before = -1; still < 200; before = channel.bytesRead) {
      still = channel.bytesRead === before && before > 0 ? still + 1 : 0
      await new Promise<void>(resolve => setImmediate(resolve))
    }
    expect(sent).toBe(false)
    expect(channel.bytesRead).toBeLessThan(1_000_000)
    open()
    await reading
    await sending
    expect(total).toBe(30_000_000)
  })

  test('a port that the process has no right to is no matter of another process', () => {
    expect(listenAdvice(Object.assign(new Error('listen EACCES'), { code: 'EACCES' }))).toMatch(/^choose a port above 1023/)
    expect(listenAdvice(new Error('something else'))).toBeUndefined()
  })

  test('a port in use is an error that names address, reason and what to do', async () => {
    const server = createServer().listen(0)
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    await expect(listen({ port, certificate: alice, ...patient, line: testLine(), onConnection: () => undefined })).rejects.toMatchObject({
      kind: 'listen_failed',
      message: `cannot listen on [::]:${port}: Address already in use; choose another port, or end the process that uses it`,
      advice: 'choose another port, or end the process that uses it',
    })
    server.close()
    await once(server, 'close')
  })

  test.each([
    [
      'an address of another machine',
      { host: '203.0.113.1', port: 0 },
      /203\.0\.113\.1:0: Cannot assign requested address; choose an address/,
    ],
    ['an unknown host', { host: 'no-such-host.invalid', port: 0 }, /no-such-host\.invalid:0: .+; correct the host name/],
    ['a port that is none', { port: 70_000 }, /a whole number from 0 to 65535; choose such a port/],
  ])('%s is an error that names address, reason and what to do', async (_what, where, message) => {
    await expect(
      listen({ ...where, certificate: alice, ...patient, line: testLine(), onConnection: () => undefined }),
    ).rejects.toMatchObject({
      kind: 'listen_failed',
      message: expect.stringMatching(message),
    })
  })

  test('a certificate with another’s key is an error', async () => {
    const certificate = { certificatePem: alice.certificatePem, keyPem: testIdentity('bob').keyPem }
    await expect(listen({ port: 0, certificate, ...patient, line: testLine(), onConnection: () => undefined })).rejects.toMatchObject({
      kind: 'certificate_invalid',
    })
  })

  test('listens on IPv6 and IPv4 where no host is given, and on one address where one is', async () => {
    await using both = await testListener()
    await using four = await dialRaw(both.port, { host: '127.0.0.1' })
    await using six = await dialRaw(both.port, { host: '::1' })
    expect([four.ended, six.ended]).toEqual([false, false])
    await using one = await testListener({ host: '[::1]' })
    expect(one.host).toBe('::1')
    const refused = connect(one.port, '127.0.0.1')
    expect((await once(refused, 'error'))[0]).toMatchObject({ code: 'ECONNREFUSED' })
  })
})
