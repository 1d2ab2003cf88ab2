import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { HalibutError } from '../../../server/src/base/errors.ts'
import { openTunnel } from '../../../server/src/socket/proxy-tunnel.ts'
import { serveRequests } from '../../support/scripted-halibut.ts'
import { createScriptedAgent, failureOf } from '../../support/world.ts'

interface ScriptedProxy extends AsyncDisposable {
  readonly host: string
  readonly port: number
  readonly requests: readonly string[]
}

/** Reads a CONNECT and leaves the rest to `answer`. */
async function scriptedProxy(answer: (socket: Socket, index: number) => void): Promise<ScriptedProxy> {
  const requests: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, socket => {
    sockets.add(socket.on('error', () => undefined))
    let request = ''
    const gather = (chunk: Buffer): void => {
      request += chunk.toString('latin1')
      if (!request.endsWith('\r\n\r\n')) return
      socket.off('data', gather)
      answer(socket, requests.push(request) - 1)
    }
    socket.on('data', gather)
  })
  server.listen(0)
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return {
    host: 'localhost',
    port,
    requests,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      const closed = once(server, 'close')
      server.close()
      await closed
    },
  }
}

/** Joins a proxied connection to its target. */
function tunnel(socket: Socket, port: number): void {
  const target = connect(port, 'localhost').on('error', () => socket.destroy())
  socket.on('close', () => target.destroy())
  socket.pipe(target).pipe(socket)
}

const opened = 'HTTP/1.1 200 Connection established\r\nVia: 1.1 proxy\r\n\r\n'

test('P01 CONNECT with and without credentials, byte for byte', async () => {
  await using agent = await createScriptedAgent({ script: peer => serveRequests(peer) })
  await using proxy = await scriptedProxy(socket => {
    socket.write(opened)
    tunnel(socket, agent.listener.port)
  })
  const { host, port } = proxy
  const target = `localhost:${agent.listener.port}`
  const ask = (user?: string, password?: string) =>
    agent.sayHello({ endpoint: { ...agent.endpoint, proxy: { host, port, user, password } } })
  expect(await ask()).toBe('ok')
  expect(await ask('  ', 'ignored')).toBe('ok')
  expect(await ask('paul', 'se:cret')).toBe('ok')
  const plain = `CONNECT ${target} HTTP/1.0\r\nHost: ${target}\r\n\r\n`
  const credentials = Buffer.from('paul:se:cret').toString('base64')
  expect(proxy.requests).toEqual([plain, plain, `${plain.slice(0, -2)}Proxy-Authorization: Basic ${credentials}\r\n\r\n`])
})

test('P02 a proxy answer that is cut anywhere opens the tunnel', async () => {
  await using agent = await createScriptedAgent({ script: peer => serveRequests(peer), limits: { poolMaxIdleConnections: 0 } })
  await using proxy = await scriptedProxy((socket, index) => {
    socket.write(opened.slice(0, index + 1), () => {
      setImmediate(() => {
        socket.write(opened.slice(index + 1))
        tunnel(socket, agent.listener.port)
      })
    })
  })
  const endpoint = { ...agent.endpoint, proxy: { host: proxy.host, port: proxy.port } }
  for (let cut = 1; cut < opened.length; cut++) expect(await agent.sayHello({ endpoint })).toBe('ok')
  expect(proxy.requests).toHaveLength(opened.length - 1)
})

test('P03 a proxy that answers 502: a proxy error, retried as a failure to connect', async () => {
  await using agent = await createScriptedAgent()
  await using proxy = await scriptedProxy(socket => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'))
  const error = await failureOf(agent.sayHello({ endpoint: { ...agent.endpoint, proxy: { host: proxy.host, port: proxy.port } } }))
  expect(error).toMatchObject({ kind: 'proxy_failed', phase: 'connect', delivery: 'not_sent' })
  expect(error.dotnetMessage).toMatch(
    /^An error occurred when sending a request to '\S+', before the request could begin: Proxy destination \S+ on port \d+ responded with a 502 code - Bad Gateway\./,
  )
  expect(proxy.requests).toHaveLength(5)
})

test('P03 a proxy that closes without an answer, likewise', async () => {
  await using agent = await createScriptedAgent()
  await using proxy = await scriptedProxy(socket => socket.destroy())
  const error = await failureOf(agent.sayHello({ endpoint: { ...agent.endpoint, proxy: { host: proxy.host, port: proxy.port } } }))
  expect(error).toMatchObject({ kind: 'proxy_failed', delivery: 'not_sent' })
  expect(error.dotnetMessage).toContain(`before the request could begin: Connection to proxy host localhost on port ${proxy.port} failed: `)
  expect(proxy.requests).toHaveLength(5)
})

test('P02 what follows the answer in the same packet is left for TLS', async () => {
  await using proxy = await scriptedProxy(socket => socket.write(`${opened}early bytes`))
  const { host, port } = proxy
  const connectTimedOut = () => new HalibutError('connect_timeout', 'too late')
  const socket = await openTunnel({
    proxy: { host, port },
    target: { host: 'agent', port: 10933 },
    connectTimeoutMs: 10_000,
    connectTimedOut,
  })
  const [first] = (await once(socket, 'data')) as [Buffer]
  expect(first.toString()).toBe('early bytes')
  socket.destroy()
})
