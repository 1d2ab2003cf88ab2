import { pbkdf2 } from 'node:crypto'
import type { Socket } from 'node:net'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { createTestCertificate, rsaIdentity, testIdentity } from '../../../support/certificates.ts'
import { listenRaw } from '../../../support/raw-peer.ts'
import { testDial } from '../../../support/socket-pair.ts'
import { tcpServer } from '../../../support/tcp-server.ts'

async function failureOf(dialled: Promise<unknown>): Promise<HalibutError> {
  const error: unknown = await dialled.then(
    () => undefined,
    error => error,
  )
  if (!(error instanceof HalibutError)) throw new Error(`expected the dial to fail with a HalibutError, not ${error}`)
  return error
}

/** A port of this machine that nobody listens on. */
async function freePort(): Promise<number> {
  await using server = await tcpServer(() => undefined)
  return server.port
}

describe('dial', () => {
  test('presents our certificate and learns that of the peer', async () => {
    await using listener = await listenRaw({ certificate: testIdentity('agent') })
    const channel = await testDial(listener.port, { expectedThumbprint: testIdentity('agent').thumbprint })
    const peer = await listener.accept()
    expect(peer.peerThumbprint).toBe(testIdentity('dialler').thumbprint)
    expect(channel.peer).toEqual({
      remoteAddress: `127.0.0.1:${listener.port}`,
      role: 'dialler',
      thumbprint: testIdentity('agent').thumbprint,
      thumbprint256: testIdentity('agent').thumbprint256,
      expiresMs: expect.any(Number),
      protocol: 'TLSv1.3',
    })
    await channel.close()
  })

  test('writes nothing of its own after the handshake', async () => {
    await using listener = await listenRaw({ certificate: testIdentity('agent') })
    const channel = await testDial(listener.port)
    const peer = await listener.accept()
    await channel.close()
    expect((await peer.readToEnd()).length).toBe(0)
  })

  test('offers no certificate when it has none (discovery)', async () => {
    await using listener = await listenRaw({ certificate: testIdentity('agent') })
    const channel = await testDial(listener.port, { certificate: undefined })
    expect((await listener.accept()).peerThumbprint).toBeUndefined()
    expect(channel.peer.thumbprint).toBe(testIdentity('agent').thumbprint)
    await channel.close()
  })

  test('T16 an expired self-signed certificate for another host is accepted when its thumbprint is right', async () => {
    const certificate = createTestCertificate({
      commonName: 'quite-another-host.example',
      notBefore: new Date('2001-01-01T00:00:00Z'),
      notAfter: new Date('2002-01-01T00:00:00Z'),
    })
    await using listener = await listenRaw({ certificate })
    const channel = await testDial(listener.port, { host: 'localhost', expectedThumbprint: certificate.thumbprint })
    expect(channel.peer.thumbprint).toBe(certificate.thumbprint)
    await channel.close()
  })

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('T18 speaks %s with a listener that speaks nothing else', async version => {
    await using listener = await listenRaw({ certificate: await rsaIdentity(), minVersion: version, maxVersion: version })
    const channel = await testDial(listener.port)
    const peer = await listener.accept()
    expect(channel.peer.protocol).toBe(version)
    expect(peer.peerThumbprint).toBe(testIdentity('dialler').thumbprint)
    void channel.write(Buffer.from('ping'))
    expect((await peer.readExactly(4)).toString()).toBe('ping')
    await peer.write('pong')
    expect(String(await channel.read())).toBe('pong')
    await channel.close()
  })

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('never resumes a session under %s', async version => {
    await using listener = await listenRaw({ certificate: testIdentity('agent'), minVersion: version, maxVersion: version })
    for (let i = 0; i < 3; i++) {
      const channel = await testDial(listener.port)
      const peer = await listener.accept()
      expect(peer.socket.isSessionReused()).toBe(false)
      await peer.write('x')
      await channel.read()
      await channel.close()
    }
  })

  test('asks for the name of the base URI, though it connects elsewhere', async () => {
    await using listener = await listenRaw({ certificate: testIdentity('agent') })
    const channel = await testDial(listener.port, { serverName: 'agent.example' })
    await listener.accept()
    expect(listener.serverNames).toEqual(['agent.example'])
    await channel.close()
  })

  test('sends no name for an address', async () => {
    await using listener = await listenRaw({ certificate: testIdentity('agent') })
    for (const serverName of ['127.0.0.1', '::1', '[::1]']) {
      const channel = await testDial(listener.port, { serverName })
      await channel.close()
    }
    expect(listener.serverNames).toEqual(['', '', ''])
  })

  test('takes an IPv6 address in brackets', async () => {
    await using listener = await listenRaw({ certificate: testIdentity('agent'), host: '::1' })
    const channel = await testDial(listener.port, { host: '[::1]' })
    expect(channel.peer.remoteAddress).toBe(`[::1]:${listener.port}`)
    await channel.close()
  })

  test('finds the address family that the host listens on', async () => {
    await using listener = await listenRaw({ certificate: testIdentity('agent'), host: '127.0.0.1' })
    const channel = await testDial(listener.port, { host: 'localhost' })
    expect(channel.peer.remoteAddress).toBe(`127.0.0.1:${listener.port}`)
    await channel.close()
  })

  test('a wrong thumbprint is refused in the words of .NET before a byte is written', async () => {
    await using listener = await listenRaw({ certificate: testIdentity('agent') })
    const expected = 'A'.repeat(40)
    const error = await failureOf(testDial(listener.port, { expectedThumbprint: expected }))
    expect(error).toMatchObject({ kind: 'thumbprint_mismatch', phase: 'tls', delivery: 'not_sent', retryable: false })
    expect(error.endpoint).toBe(`https://localhost:${listener.port}/`)
    expect(error.dotnetMessage).toContain(
      `The server at https://localhost:${listener.port}/ presented an unexpected security certificate. We expected the server to present a certificate with the thumbprint '${expected}'. Instead, it presented a certificate with a thumbprint of '${testIdentity('agent').thumbprint}' and subject 'CN=agent'.`,
    )
    expect(listener.connections.every(peer => peer.received.length === 0)).toBe(true)
  })

  test('a wrong pin tells whom the certificate names and who has made it, and to look for a proxy where that is another', async () => {
    const expectedThumbprint = 'A'.repeat(40)
    await using own = await listenRaw({ certificate: testIdentity('agent') })
    const plain = await failureOf(testDial(own.port, { expectedThumbprint }))
    expect([plain.message, plain.advice]).toEqual([
      expect.stringContaining(`${testIdentity('agent').thumbprint} ('CN=agent', made by itself), but ${expectedThumbprint} is pinned`),
      expect.not.stringContaining('proxy'),
    ])
    await using intercepting = await listenRaw({ certificate: createTestCertificate({ commonName: 'agent', issuer: 'Proxy\u202eCA' }) })
    const proxied = await failureOf(testDial(intercepting.port, { expectedThumbprint }))
    // Nothing in it turns what a person reads.
    expect(proxied.message).toContain("('CN=agent', made by 'CN=Proxy\ufffdCA')")
    expect(proxied.advice).toContain('proxy')
  })

  test('compares thumbprints to the letter, as .NET does', async () => {
    await using listener = await listenRaw({ certificate: testIdentity('agent') })
    const lower = testIdentity('agent').thumbprint.toLowerCase()
    expect(await failureOf(testDial(listener.port, { expectedThumbprint: lower }))).toMatchObject({ kind: 'thumbprint_mismatch' })
    expect(await failureOf(testDial(listener.port, { expectedThumbprint: '' }))).toMatchObject({ kind: 'thumbprint_mismatch' })
  })

  test('a SHA-256 thumbprint is compared with the SHA-256', async () => {
    await using listener = await listenRaw({ certificate: testIdentity('agent') })
    const channel = await testDial(listener.port, { expectedThumbprint: testIdentity('agent').thumbprint256 })
    await channel.close()
    const error = await failureOf(testDial(listener.port, { expectedThumbprint: 'B'.repeat(64) }))
    expect(error.dotnetMessage).toContain(`a thumbprint of '${testIdentity('agent').thumbprint256}'`)
  })

  test('a port that nobody listens on is refused', async () => {
    const port = await freePort()
    expect(await failureOf(testDial(port))).toMatchObject({
      kind: 'connect_refused',
      phase: 'connect',
      message: `Connection refused 127.0.0.1:${port}`,
      retryable: true,
    })
  })

  test('a refusal of every address of a name is a refusal', async () => {
    expect(await failureOf(testDial(await freePort(), { host: 'localhost' }))).toMatchObject({ kind: 'connect_refused' })
  })

  test('an unknown host is not found', async () => {
    expect(await failureOf(testDial(10933, { host: 'no-such-host.invalid' }))).toMatchObject({
      kind: 'host_not_found',
      phase: 'connect',
      retryable: false,
    })
  })

  test('a connection that takes too long fails in the words of .NET', async () => {
    // The look-up of the name has to wait for a free thread, and all are busy.
    const busy = Array.from({ length: 8 }, () => promisify(pbkdf2)('', '', 150_000, 64, 'sha512'))
    expect(await failureOf(testDial(10933, { host: 'localhost', connectTimeoutMs: 20 }))).toMatchObject({
      kind: 'connect_timeout',
      phase: 'connect',
      dotnetMessage: 'The client was unable to establish the initial connection within the timeout 00:00:00.0200000.',
      retryable: true,
    })
    await Promise.all(busy)
  })

  test('a port out of range is an invalid argument', async () => {
    for (const port of [0, 65_536, 1.5, Number.NaN]) expect(await failureOf(testDial(port))).toMatchObject({ kind: 'invalid_argument' })
  })

  test('a plain-text server fails the handshake', async () => {
    await using server = await tcpServer(socket => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    expect(await failureOf(testDial(server.port))).toMatchObject({ kind: 'tls_failed', phase: 'tls' })
  })

  test('a server that closes in the handshake is a lost connection, which may be tried again', async () => {
    await using server = await tcpServer(socket => socket.once('data', () => socket.end()))
    expect(await failureOf(testDial(server.port))).toMatchObject({
      kind: 'connection_lost',
      phase: 'tls',
      dotnetMessage: 'Received an unexpected EOF or 0 bytes from the transport stream.',
      retryable: true,
    })
  })

  test('a server that resets in the handshake is told by its text', async () => {
    await using server = await tcpServer(socket => socket.once('data', () => socket.resetAndDestroy()))
    expect(await failureOf(testDial(server.port))).toMatchObject({
      kind: 'connection_lost',
      phase: 'tls',
      dotnetMessage: 'Unable to read data from the transport connection: Connection reset by peer.',
    })
  })

  test('a server that says nothing fails the handshake after its time', async () => {
    await using server = await tcpServer(() => undefined)
    expect(await failureOf(testDial(server.port, { handshakeTimeoutMs: 30 }))).toMatchObject({
      kind: 'io_timeout',
      phase: 'tls',
      dotnetMessage: 'Unable to read data from the transport connection: Connection timed out.',
    })
  })

  test('a peer that offers only TLS 1.1 is a failed handshake', async () => {
    const tls = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' } as const
    await using listener = await listenRaw({ certificate: testIdentity('agent'), ...tls })
    expect(await failureOf(testDial(listener.port))).toMatchObject({ kind: 'tls_failed', phase: 'tls' })
  })

  test('an aborted signal cancels before anything is opened', async () => {
    const error = await failureOf(testDial(await freePort(), { signal: AbortSignal.abort() }))
    expect(error).toMatchObject({ kind: 'cancelled', dotnetMessage: 'The Request was cancelled while Connecting.' })
  })

  test('a signal cancels the handshake', async () => {
    const controller = new AbortController()
    await using server = await tcpServer(socket => socket.once('data', () => controller.abort()))
    expect(await failureOf(testDial(server.port, { signal: controller.signal }))).toMatchObject({ kind: 'cancelled' })
  })

  test('a signal’s reason that is an error of ours comes through', async () => {
    const controller = new AbortController()
    await using server = await tcpServer(socket =>
      socket.once('data', () => controller.abort(new HalibutError('closed', 'the runtime is closing'))),
    )
    expect(await failureOf(testDial(server.port, { signal: controller.signal }))).toMatchObject({ kind: 'closed' })
  })

  test('a certificate without its key is named', async () => {
    const certificate = { certificatePem: testIdentity('one').certificatePem, keyPem: testIdentity('two').keyPem }
    expect(await failureOf(testDial(1, { certificate }))).toMatchObject({ kind: 'certificate_invalid' })
  })

  test('garbage in the middle of the conversation destroys the channel with an error', async () => {
    await using relay = await tlsBreaker()
    const channel = await testDial(relay.port)
    const read = Promise.resolve(channel.read())
    relay.breakIt()
    await expect(read).rejects.toMatchObject({ kind: 'tls_failed' })
    await channel.closed
  })
})

/** A TCP relay to a TLS server that puts garbage into the stream when told. */
async function tlsBreaker(): Promise<AsyncDisposable & { port: number; breakIt(): void }> {
  const { connect } = await import('node:net')
  const target = await listenRaw({ certificate: testIdentity('agent') })
  let front: Socket | undefined
  const relay = await tcpServer(socket => {
    front = socket
    const back = connect(target.port, '127.0.0.1')
    back.on('error', () => undefined)
    socket.pipe(back).pipe(socket)
    socket.once('close', () => back.destroy())
  })
  return {
    port: relay.port,
    breakIt: () => void front?.write(Buffer.from('\x17\x03\x03\x00\x20this is not a TLS record at all!', 'latin1')),
    async [Symbol.asyncDispose]() {
      await relay[Symbol.asyncDispose]()
      await target[Symbol.asyncDispose]()
    },
  }
}
