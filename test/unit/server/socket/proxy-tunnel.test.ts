import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { testIdentity } from '../../../support/certificates.ts'
import { listenRaw } from '../../../support/raw-peer.ts'
import { testDial } from '../../../support/socket-pair.ts'
import { tcpServer } from '../../../support/tcp-server.ts'

interface Proxy extends AsyncDisposable {
  readonly port: number
  /** What each caller sent before the tunnel opened. */
  readonly requests: string[]
}

/** A scripted proxy: reads the request, then does what the test says. `undefined` for the target: there is no tunnel. */
async function proxy(answer: (socket: Socket) => void | Promise<void>, targetPort?: number): Promise<Proxy> {
  const requests: string[] = []
  const server = await tcpServer(socket => {
    let request = ''
    const onData = (chunk: Buffer): void => {
      request += chunk.toString('latin1')
      if (!request.endsWith('\r\n\r\n')) return
      socket.off('data', onData)
      socket.pause()
      requests.push(request)
      if (targetPort === undefined) {
        socket.resume()
        void answer(socket)
        return
      }
      const back = connect(targetPort, '127.0.0.1', async () => {
        await answer(socket)
        socket.pipe(back).pipe(socket)
      })
      back.on('error', () => undefined)
      socket.once('close', () => back.destroy())
    }
    socket.on('data', onData)
  })
  return { port: server.port, requests, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

/** Dials agent.example:10933 through the proxy at that port. */
function dialThrough(port: number, options: Parameters<typeof testDial>[1] & { user?: string; password?: string } = {}) {
  const { user, password, ...rest } = options
  return testDial(10933, { host: 'agent.example', proxy: { host: '127.0.0.1', port, user, password }, ...rest })
}

async function written(socket: Socket, text: string): Promise<void> {
  await new Promise<void>((resolve, reject) => socket.write(text, error => (error ? reject(error) : resolve())))
}

const established = 'HTTP/1.1 200 Connection established\r\nProxy-Agent: test\r\n\r\n'

describe('a dial through a proxy', () => {
  test('P01 without a user sends exactly these bytes, in one write', async () => {
    await using agent = await listenRaw({ certificate: testIdentity('agent') })
    await using through = await proxy(socket => written(socket, established), agent.port)
    for (const user of [undefined, '', '  ']) {
      const channel = await dialThrough(through.port, user === undefined ? {} : { user, password: 'secret' })
      await channel.close()
    }
    const expected = 'CONNECT agent.example:10933 HTTP/1.0\r\nHost: agent.example:10933\r\n\r\n'
    expect(through.requests).toEqual([expected, expected, expected])
  })

  test('P01 with a user sends its credentials', async () => {
    await using agent = await listenRaw({ certificate: testIdentity('agent') })
    await using through = await proxy(socket => written(socket, established), agent.port)
    const channel = await dialThrough(through.port, { user: 'paul', password: 'pass:word' })
    await channel.close()
    expect(through.requests).toEqual([
      'CONNECT agent.example:10933 HTTP/1.0\r\nHost: agent.example:10933\r\nProxy-Authorization: Basic cGF1bDpwYXNzOndvcmQ=\r\n\r\n',
    ])
  })

  test('P02 an answer split in the middle of its header opens the tunnel, and the TLS bytes that follow at once are not lost', async () => {
    await using agent = await listenRaw({ certificate: testIdentity('agent'), onConnection: peer => peer.write('early') })
    await using through = await proxy(async socket => {
      socket.setNoDelay(true)
      for (const piece of established) await written(socket, piece)
    }, agent.port)
    const channel = await dialThrough(through.port, { expectedThumbprint: testIdentity('agent').thumbprint })
    expect(String(await channel.read())).toBe('early')
    void channel.write(Buffer.from('hello'))
    expect((await agent.connections[0]?.readExactly(5))?.toString()).toBe('hello')
    expect(agent.serverNames).toEqual(['agent.example'])
    expect(channel.peer.thumbprint).toBe(testIdentity('agent').thumbprint)
    await channel.close()
  })

  test('P02 bytes behind the header in the same packet belong to TLS', async () => {
    await using through = await proxy(socket => written(socket, `${established}this is not TLS at all`))
    await expect(dialThrough(through.port)).rejects.toMatchObject({ kind: 'tls_failed' })
  })

  test('a large transfer goes through the tunnel both ways', async () => {
    await using agent = await listenRaw({ certificate: testIdentity('agent') })
    await using through = await proxy(socket => written(socket, established), agent.port)
    const channel = await dialThrough(through.port)
    const peer = await agent.accept()
    const sent = Buffer.alloc(2_000_000, 3)
    let received = 0
    const [back] = await Promise.all([
      peer.readExactly(sent.length),
      channel.write(sent),
      peer.write(sent),
      channel.readInto(sent.length, chunk => {
        received += chunk.length
        return undefined
      }),
    ])
    expect(back.equals(sent)).toBe(true)
    expect(received).toBe(sent.length)
    channel.destroy()
    await channel.closed
  })

  test.each([
    ['HTTP/1.1 407 Proxy Authentication Required', 'responded with a 407 code - Proxy Authentication Required'],
    ['HTTP/1.0 403', 'responded with a 403 code - '],
    ['HTTP/1.1 502 Bad Gateway', 'responded with a 502 code - Bad Gateway.'],
    ['SSH-2.0-OpenSSH_9.2', 'No HTTP response received from proxy destination.  Server response: SSH-2.0-OpenSSH_9.2.'],
    ['HTTP/1.1 okay fine', 'An invalid response code was received from proxy destination.  Server response: HTTP/1.1 okay fine.'],
    ['HTTP/1.1', 'An invalid response code was received from proxy destination.  Server response: HTTP/1.1.'],
  ])('P03 the answer %s is a proxy error with the text of .NET', async (line, text) => {
    await using through = await proxy(socket => void socket.end(`${line}\r\nServer: x\r\n\r\n`))
    const error = await dialThrough(through.port).catch(error => error)
    expect(error).toMatchObject({ kind: 'proxy_failed', phase: 'connect', retryable: true, endpoint: 'https://localhost:10933/' })
    expect(error.message).toContain(text)
    if (text.startsWith('responded')) expect(error.message).toContain(`Proxy destination 127.0.0.1 on port ${through.port} responded`)
    expect(error.cause).toBeUndefined()
  })

  test('a 200 without a reason opens the tunnel', async () => {
    await using agent = await listenRaw({ certificate: testIdentity('agent') })
    await using through = await proxy(socket => written(socket, 'HTTP/1.0 200\r\n\r\n'), agent.port)
    const channel = await dialThrough(through.port)
    await channel.close()
  })

  test('P03 a proxy that closes without an answer is a proxy error', async () => {
    await using through = await proxy(socket => void socket.end())
    const error = await dialThrough(through.port).catch(error => error)
    expect(error).toMatchObject({ kind: 'proxy_failed', retryable: true })
    expect(error.message).toBe(
      `Connection to proxy host 127.0.0.1 on port ${through.port} failed: the proxy closed the connection without an answer`,
    )
  })

  test('P03 a proxy that closes in the middle of its answer is a proxy error', async () => {
    await using through = await proxy(socket => void socket.end('HTTP/1.1 200 Conn'))
    await expect(dialThrough(through.port)).rejects.toMatchObject({
      kind: 'proxy_failed',
      message: expect.stringContaining('closed the connection in the middle of its answer: HTTP/1.1 200 Conn'),
    })
  })

  test('a proxy that resets is a proxy error caused by the network', async () => {
    await using through = await proxy(socket => void socket.resetAndDestroy())
    await expect(dialThrough(through.port)).rejects.toMatchObject({
      kind: 'proxy_failed',
      message: expect.stringContaining('Connection reset by peer'),
      cause: { kind: 'connection_lost' },
    })
  })

  test('a proxy that says nothing fails after its time', async () => {
    await using through = await proxy(() => undefined)
    await expect(dialThrough(through.port, { proxyResponseTimeoutMs: 30 })).rejects.toMatchObject({
      kind: 'proxy_failed',
      dotnetMessage: expect.stringContaining('failed: Unable to read data from the transport connection: Connection timed out.'),
    })
  })

  test('a header without an end is cut off', async () => {
    await using through = await proxy(socket => void socket.write(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(40_000)}`))
    await expect(dialThrough(through.port)).rejects.toMatchObject({
      kind: 'proxy_failed',
      message: expect.stringContaining('header of more than 16384 bytes'),
    })
  })

  test('a proxy that nobody runs is named', async () => {
    const port = await (async () => {
      await using server = await tcpServer(() => undefined)
      return server.port
    })()
    await expect(dialThrough(port)).rejects.toMatchObject({
      kind: 'proxy_failed',
      message: `Connection to proxy host 127.0.0.1 on port ${port} failed: Connection refused 127.0.0.1:${port}`,
      cause: { kind: 'connect_refused' },
    })
  })

  test('a proxy host with a protocol is an invalid argument', async () => {
    const proxy = { host: 'http://proxy.example', port: 8080 }
    await expect(testDial(10933, { proxy })).rejects.toMatchObject({
      kind: 'invalid_argument',
      message: "The proxy's hostname cannot contain a protocol prefix (eg http://)",
    })
  })

  test('an IPv6 target stands in brackets', async () => {
    await using through = await proxy(socket => void socket.end())
    await dialThrough(through.port, { host: '[::1]' }).catch(() => undefined)
    expect(through.requests[0]).toBe('CONNECT [::1]:10933 HTTP/1.0\r\nHost: [::1]:10933\r\n\r\n')
  })

  test('a signal ends the wait for the proxy', async () => {
    const controller = new AbortController()
    await using through = await proxy(() => controller.abort())
    await expect(dialThrough(through.port, { signal: controller.signal })).rejects.toMatchObject({ kind: 'cancelled' })
  })

  test('a wrong thumbprint behind the proxy is refused', async () => {
    await using agent = await listenRaw({ certificate: testIdentity('agent') })
    await using through = await proxy(socket => written(socket, established), agent.port)
    await expect(dialThrough(through.port, { expectedThumbprint: 'A'.repeat(40) })).rejects.toMatchObject({ kind: 'thumbprint_mismatch' })
  })

  test('a tunnelled channel can be reset', async () => {
    await using agent = await listenRaw({ certificate: testIdentity('agent') })
    await using through = await proxy(socket => written(socket, established), agent.port)
    const channel = await dialThrough(through.port)
    const peer = await agent.accept()
    channel.destroy()
    await channel.closed
    await peer.closed
    if (!peer.ended) await once(peer.socket, 'close')
  })
})
