import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { deferred } from '../../../server/src/base/deferred.ts'
import { defaultLimits } from '../../../server/src/base/limits.ts'
import { testIdentity } from '../../support/certificates.ts'
import type { RawPeer } from '../../support/raw-peer.ts'
import { answerRequest, openAsAcceptor, readExchangeMessage, responseMessage, serveRequests } from '../../support/scripted-halibut.ts'
import { createScriptedAgent, dialCount, failureOf } from '../../support/world.ts'

const thumbprint = testIdentity('agent').thumbprint

/** A TCP port on which no TLS answers. */
async function barePort(onConnection: (socket: Socket) => void): Promise<AsyncDisposable & { port: number; count(): number }> {
  const sockets = new Set<Socket>()
  let count = 0
  const server = createServer(socket => {
    count++
    sockets.add(socket.on('error', () => undefined))
    onConnection(socket)
  })
  server.listen(0)
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return {
    port,
    count: () => count,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      const closed = once(server, 'close')
      server.close()
      await closed
    },
  }
}

/** A port that answers no more SYN: the listener’s thread is blocked, and the two places of its backlog are taken. */
async function fullPort(): Promise<AsyncDisposable & { number: number }> {
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads')
     const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
       parentPort.postMessage(server.address().port)
       setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0))
     })`,
    { eval: true },
  )
  const [number] = (await once(worker, 'message')) as [number]
  const fillers = await Promise.all(
    [1, 2].map(async () => {
      const filler = connect(number, '127.0.0.1').on('error', () => undefined)
      await once(filler, 'connect')
      return filler
    }),
  )
  return {
    number,
    async [Symbol.asyncDispose]() {
      for (const filler of fillers) filler.destroy()
      await worker.terminate()
    },
  }
}

const sentenceOf = (uri: string, when: 'before' | 'after'): string =>
  `An error occurred when sending a request to '${uri}', ${when === 'before' ? 'before the request could begin' : 'after the request began'}: `

test('L01 a refused connection: five attempts, one second apart, an error from before the request', async () => {
  await using agent = await createScriptedAgent()
  await agent.listener.close()
  const error = await failureOf(agent.sayHello())
  expect(error).toMatchObject({ kind: 'connect_refused', phase: 'connect', delivery: 'not_sent', retryable: true })
  expect(error.dotnetMessage.startsWith(`${sentenceOf(agent.endpoint.uri, 'before')}Connection refused`)).toBe(true)
  expect(dialCount(agent.log)).toBe(5)
  const text = `The remote host at ${agent.endpoint.uri} refused the connection. This may mean that the expected listening service is not running.`
  expect(agent.log.filter(event => event.message === text)).toHaveLength(5)
  expect(defaultLimits).toMatchObject({ retryCountLimit: 5, retryListeningSleepIntervalMs: 1_000 })
})

test('L02 a retry limit of 20 makes 20 connections', async () => {
  await using agent = await createScriptedAgent()
  await using killer = await barePort(socket => socket.resetAndDestroy())
  const limits = { retryCountLimit: 20, retryListeningSleepIntervalMs: 1 }
  const uri = `https://localhost:${killer.port}/`
  const error = await failureOf(agent.sayHello({ endpoint: { uri, thumbprint, limits } }))
  expect(killer.count()).toBe(20)
  expect(error).toMatchObject({ delivery: 'not_sent' })
  expect(error.dotnetMessage.startsWith(sentenceOf(uri, 'before'))).toBe(true)
  expect(error.message).toContain(`; perhaps it does not trust our certificate (thumbprint ${agent.runtime.thumbprint})`)
  expect(error.dotnetMessage).toContain(
    `The server aborted the connection before it was fully established. This usually means that the server rejected the certificate that we provided. We provided a certificate with a thumbprint of '${agent.runtime.thumbprint}'.`,
  )
})

test('L02 no attempt begins after the time for all of them', async () => {
  await using agent = await createScriptedAgent()
  await using killer = await barePort(socket => socket.destroy())
  const limits = { retryCountLimit: 1_000_000, connectionErrorRetryTimeoutMs: 150 }
  await failureOf(agent.sayHello({ endpoint: { uri: `https://localhost:${killer.port}/`, thumbprint, limits } }))
  expect(killer.count()).toBeGreaterThan(1)
})

test('L03 an unknown host: one attempt', async () => {
  await using agent = await createScriptedAgent()
  // A label of 64 letters is refused by every resolver without asking anybody.
  const uri = `https://${'x'.repeat(64)}.invalid:10933/`
  const error = await failureOf(agent.sayHello({ endpoint: { uri, thumbprint } }))
  expect(error).toMatchObject({ kind: 'host_not_found', delivery: 'not_sent' })
  expect(error.dotnetMessage).toBe(`${sentenceOf(uri, 'before')}Name or service not known`)
  expect(dialCount(agent.log)).toBe(1)
})

test('L04 a connect timeout has its exact text', async () => {
  await using agent = await createScriptedAgent()
  await using port = await fullPort()
  const uri = `https://127.0.0.1:${port.number}/`
  const limits = { tcpClientConnectTimeoutMs: 50, retryCountLimit: 2 }
  const error = await failureOf(agent.sayHello({ endpoint: { uri, thumbprint, limits } }))
  expect(error).toMatchObject({ kind: 'connect_timeout', phase: 'connect', delivery: 'not_sent' })
  expect(error.dotnetMessage).toBe(
    `${sentenceOf(uri, 'before')}The client was unable to establish the initial connection within the timeout 00:00:00.0500000.`,
  )
  expect(dialCount(agent.log)).toBe(2)
})

test('L05 a failure after the request was sent is not retried, and the error says so', async () => {
  await using agent = await createScriptedAgent({
    script: async peer => {
      await openAsAcceptor(peer)
      await readExchangeMessage(peer)
      peer.end()
    },
  })
  const error = await failureOf(agent.sayHello())
  expect(error).toMatchObject({ kind: 'connection_lost', phase: 'response', delivery: 'unknown', retryable: false })
  expect(error.dotnetMessage).toBe(`${sentenceOf(agent.endpoint.uri, 'after')}Attempted to read past the end of the stream.`)
  expect(agent.listener.connections).toHaveLength(1)
})

test('L06 two dead pooled connections in a row clear the pool, and the third attempt dials', async () => {
  const requests: string[] = []
  const three = deferred<void>()
  await using agent = await createScriptedAgent({
    script: async (peer, index) => {
      if (index >= 3) return serveRequests(peer, 'dialled anew')
      await openAsAcceptor(peer)
      const { id } = await readExchangeMessage(peer)
      if (requests.push(String(id)) === 3) three.resolve()
      await three.promise
      await peer.write(responseMessage(String(id), 'ok'))
      if ((await peer.readUntil('\r\n')).toString() === 'NEXT\r\n') await peer.write('NOPE\r\n')
    },
  })
  await Promise.all([agent.sayHello(), agent.sayHello(), agent.sayHello()])
  expect(await agent.sayHello()).toBe('dialled anew')
  expect(dialCount(agent.log)).toBe(4)
  const old = agent.listener.connections.slice(0, 3)
  await Promise.all(old.map(peer => peer.closed))
  const ends = old.map(peer => peer.received.toString('latin1').slice(-11))
  expect(ends.filter(text => text === 'NEXT\r\nEND\r\n')).toHaveLength(2)
  expect(ends.filter(text => text.endsWith('END\r\n'))).toHaveLength(3)
})

test('L07 after ten calls at once at most five connections stay', async () => {
  let waiting = 0
  const ten = deferred<void>()
  await using agent = await createScriptedAgent({
    script: async (peer, index) => {
      await openAsAcceptor(peer)
      if (index >= 10) return
      if (++waiting === 10) ten.resolve()
      await ten.promise
      await answerRequest(peer)
      await peer.readToEnd()
    },
  })
  await Promise.all(Array.from({ length: 10 }, () => agent.sayHello()))
  const open = (): RawPeer[] => agent.listener.connections.slice(0, 10).filter(peer => !peer.ended)
  while (open().length > 5) await Promise.race(open().map(peer => peer.closed))
  expect(agent.listener.connections).toHaveLength(10)
  await agent.runtime.probe(agent.endpoint)
  expect(open()).toHaveLength(5)
})

test('L08 a method slower than the response timeout: a read timeout, and the connection is not used again', async () => {
  await using agent = await createScriptedAgent({
    limits: { tcpClientReceiveResponseTimeoutMs: 150 },
    script: async (peer, index) => {
      if (index > 0) return serveRequests(peer, 'in time')
      await openAsAcceptor(peer)
      await readExchangeMessage(peer)
      await peer.readToEnd()
    },
  })
  const error = await failureOf(agent.sayHello())
  expect(error).toMatchObject({ kind: 'io_timeout', delivery: 'unknown' })
  expect(error.dotnetMessage).toBe(
    `${sentenceOf(agent.endpoint.uri, 'after')}Unable to read data from the transport connection: Connection timed out.`,
  )
  expect(await agent.sayHello()).toBe('in time')
  expect(agent.listener.connections).toHaveLength(2)
})

test('L09 cancelling while the connection is made has its text', async () => {
  await using agent = await createScriptedAgent()
  const caller = new AbortController()
  await using silent = await barePort(() => caller.abort())
  const uri = `https://localhost:${silent.port}/`
  const error = await failureOf(agent.sayHello({ endpoint: { uri, thumbprint }, signal: caller.signal }))
  expect(error).toMatchObject({
    kind: 'cancelled',
    delivery: 'not_sent',
    dotnetType: 'Halibut.Exceptions.ConnectingRequestCancelledException',
  })
  expect(error.dotnetMessage).toBe(`${sentenceOf(uri, 'after')}The Request was cancelled while Connecting.`)
  expect(silent.count()).toBe(1)
})

test('L09 so has cancelling in the pause between two attempts', async () => {
  await using agent = await createScriptedAgent({ limits: { retryListeningSleepIntervalMs: 60_000 } })
  const caller = new AbortController()
  await using killer = await barePort(socket => socket.resetAndDestroy())
  agent.runtime.on('log', event => {
    if (event.type === 'Error') caller.abort()
  })
  const uri = `https://localhost:${killer.port}/`
  const error = await failureOf(agent.sayHello({ endpoint: { uri, thumbprint }, signal: caller.signal }))
  expect(error).toMatchObject({ kind: 'cancelled', delivery: 'not_sent' })
  expect(error.dotnetMessage).toBe(`${sentenceOf(uri, 'after')}The Request was cancelled while Connecting.`)
})

test('L09 cancelling while the request is under way has its text, and ends the connection', async () => {
  const caller = new AbortController()
  await using agent = await createScriptedAgent({
    script: async (peer, index) => {
      if (index > 0) return serveRequests(peer)
      await openAsAcceptor(peer)
      await readExchangeMessage(peer)
      caller.abort()
      await peer.closed
    },
  })
  const error = await failureOf(agent.sayHello({ signal: caller.signal }))
  expect(error).toMatchObject({
    kind: 'cancelled',
    delivery: 'unknown',
    dotnetType: 'Halibut.Exceptions.TransferringRequestCancelledException',
  })
  expect(error.dotnetMessage).toBe(`${sentenceOf(agent.endpoint.uri, 'after')}The Request was cancelled while Transferring.`)
  expect(await agent.sayHello()).toBe('ok')
})
