import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { method, nothing, service, string } from '@halibut-gateway/schemas/contract'
import { describe, expect, test } from 'vitest'
import type { HalibutError } from '../../../../server/src/base/errors.ts'
import { type DoctorOptions, examineAgent } from '../../../../server/src/doctor/doctor.ts'
import type { DoctorReport } from '../../../../server/src/doctor/examination.ts'
import { faults } from '../../../../server/src/doctor/faults.ts'
import { stepNames } from '../../../../server/src/doctor/steps.ts'
import { Destinations } from '../../../../server/src/socket/destinations.ts'
import { createTestCertificate, rsaIdentity, testIdentity } from '../../../support/certificates.ts'
import { connectProxy, proxyAnswers } from '../../../support/connect-proxy.ts'
import { listenRaw } from '../../../support/raw-peer.ts'
import { tcpServer } from '../../../support/tcp-server.ts'
import { createRuntime } from '../../../support/world.ts'

const ours = testIdentity('gateway')
const theirs = testIdentity('agent')

/** What the doctor says of a port of this machine, as the gateway of the tests, which pins the agent of the tests. */
async function examine(port: number, options: Partial<DoctorOptions> = {}): Promise<DoctorReport> {
  await using runtime = createRuntime('gateway')
  return await examineAgent({
    uri: `https://127.0.0.1:${port}/`,
    thumbprint: theirs.thumbprint,
    caller: runtime,
    certificate: ours,
    timeoutMs: 2_000,
    ...options,
  })
}

/** The step that failed, all before it having passed and none after it having been taken, with its fault and its fix. */
function failureOf({ isHealthy, steps }: DoctorReport) {
  expect(isHealthy).toBe(false)
  expect(steps.map(({ step }) => step)).toEqual(stepNames)
  const at = steps.findIndex(({ outcome }) => outcome === 'failed')
  expect(steps.map(({ outcome }) => outcome)).toEqual(stepNames.map((_, i) => (i < at ? 'passed' : i === at ? 'failed' : 'skipped')))
  const { step, fault, fix } = steps[at] ?? {}
  return { step, fault, fix }
}

/** An agent of this runtime, which trusts the gateway of the tests. */
function hostAgent(trust: readonly string[] = [ours.thumbprint]) {
  const agent = createRuntime('agent', { trust })
  const tools = service('IToolService', { Fail: method([['message', string]], nothing), Wait: method([], string) })
  const waiting: ((text: string) => void)[] = []
  agent.addService(tools, {
    Fail: message => {
      throw new Error(message)
    },
    Wait: () => new Promise<string>(resolve => waiting.push(resolve)),
  })
  return agent
}

describe('the doctor', () => {
  test('finds nothing wrong with an agent that is well, without running anything there', async () => {
    await using agent = hostAgent()
    const { port } = await agent.listen({ host: '127.0.0.1' })
    const seen: string[] = []
    const { isHealthy, steps } = await examine(port, { onStep: ({ step }) => void seen.push(step) })
    expect([isHealthy, steps.map(({ outcome }) => outcome)]).toEqual([true, stepNames.map(() => 'passed')])
    expect(seen).toEqual(stepNames)
    expect(steps.map(({ found }) => found.replaceAll(/\d+ ms/g, 'N ms'))).toEqual([
      '127.0.0.1 is an address',
      `127.0.0.1 accepts connections at port ${port}`,
      'TLS stands (TLSv1.3)',
      `CN=agent with the thumbprint ${theirs.thumbprint}`,
      'it is the certificate that is pinned',
      `https://127.0.0.1:${port}/ is a Halibut agent and trusts this gateway`,
      'it answers calls (a service that no agent has was asked for)',
    ])
  })

  test('says that an expired certificate is none of its affair, since nobody looks at dates', async () => {
    const certificate = createTestCertificate({ commonName: 'old', notBefore: new Date('2001-01-01'), notAfter: new Date('2002-01-01') })
    await using listener = await listenRaw({ certificate, onConnection: peer => peer.end() })
    const { steps } = await examine(listener.port, { thumbprint: certificate.thumbprint })
    expect(steps[3]).toMatchObject({
      outcome: 'passed',
      found: expect.stringContaining('; it is valid from 2001-01-01 to 2002-01-01, at which nobody looks here'),
    })
    expect(steps[4]).toMatchObject({ outcome: 'passed' })
  })

  test('1. a name that does not resolve', async () => {
    const { step, fault, fix } = failureOf(await examine(1, { uri: 'https://no-such-agent.invalid:10933/' }))
    expect(step).toBe('dns')
    // Where there is no name server at all, that is what is wrong.
    expect(['name_unknown', 'name_server_silent']).toContain(fault)
    expect(fix).toContain('no-such-agent.invalid')
  })

  test('2. a port at which nobody listens', async () => {
    const port = await freePort()
    expect(failureOf(await examine(port))).toEqual({
      step: 'tcp',
      fault: 'refused',
      fix: `start the agent on 127.0.0.1, or correct the port ${port}`,
    })
  })

  test('3. a port behind a firewall that drops what comes', { timeout: 60_000 }, async () => {
    await using dropping = await droppingPort()
    expect(failureOf(await examine(dropping.port, { timeoutMs: 1_000 }))).toMatchObject({ step: 'tcp', fault: 'filtered' })
  })

  test('4. a port whose owner accepts connections and says nothing', async () => {
    await using server = await tcpServer(socket => socket.resume())
    expect(failureOf(await examine(server.port, { timeoutMs: 300 }))).toMatchObject({ step: 'tls', fault: 'tls_silent' })
  })

  test('5. a web server without TLS', async () => {
    await using server = await tcpServer(socket => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')))
    expect(failureOf(await examine(server.port))).toEqual({
      step: 'tls',
      fault: 'not_tls',
      fix: `make the port ${server.port} that of the agent: what has it does not speak TLS, it says "HTTP/1.1 400 Bad Request"`,
    })
  })

  test('6. a server of another protocol that speaks first', async () => {
    await using server = await tcpServer(socket => void socket.write('SSH-2.0-OpenSSH_9.6\r\n'))
    expect(failureOf(await examine(server.port))).toMatchObject({
      step: 'tls',
      fault: 'not_tls',
      fix: expect.stringContaining('"SSH-2.0-OpenSSH_9.6"'),
    })
  })

  test('7. an agent whose TLS is too old', async () => {
    const { certificatePem: cert, keyPem: key } = await rsaIdentity()
    const server = createTlsServer({ cert, key, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' })
    server.on('tlsClientError', () => undefined).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    try {
      expect(failureOf(await examine(port))).toMatchObject({ step: 'tls', fault: 'tls_too_old' })
    } finally {
      server.close()
      await once(server, 'close')
    }
  })

  test('8. somebody who ends the connection in the TLS handshake', async () => {
    await using server = await tcpServer(socket => socket.once('data', () => socket.destroy()))
    expect(failureOf(await examine(server.port))).toMatchObject({ step: 'tls', fault: 'tls_broken_off' })
  })

  test('9. an address that leads to the gateway itself', async () => {
    await using itself = createRuntime('gateway')
    const { port } = await itself.listen({ host: '127.0.0.1' })
    expect(failureOf(await examine(port))).toEqual({
      step: 'certificate',
      fault: 'own_certificate',
      fix: 'correct the address: it leads to this gateway itself, not to an agent',
    })
  })

  test('10. an agent with another certificate than the one that is pinned', async () => {
    const other = testIdentity('other')
    await using listener = await listenRaw({ certificate: other })
    expect(failureOf(await examine(listener.port))).toEqual({
      step: 'trust',
      fault: 'certificate_changed',
      fix: `ask at the agent whether ${other.thumbprint} is its certificate; if so pin that, else somebody answers in its place`,
    })
  })

  test('11. a proxy between here and there that opens TLS', async () => {
    const certificate = createTestCertificate({ commonName: 'agent.example', issuer: 'Inspecting\u202e Proxy' })
    await using listener = await listenRaw({ certificate })
    const { step, fault, fix } = failureOf(await examine(listener.port))
    expect([step, fault]).toEqual(['trust', 'intercepted'])
    // What it says of itself is shown so that it turns nobody’s screen.
    expect(fix).toContain('CN=Inspecting\ufffd Proxy has issued it for CN=agent.example')
  })

  test('12. nobody said which certificate the agent has', async () => {
    await using listener = await listenRaw({ certificate: theirs })
    expect(failureOf(await examine(listener.port, { thumbprint: undefined }))).toMatchObject({
      step: 'trust',
      fault: 'not_pinned',
      fix: expect.stringContaining(theirs.thumbprint),
    })
  })

  test('13. nobody said as whom to go', async () => {
    await using listener = await listenRaw({ certificate: theirs })
    const report = await examine(listener.port, { caller: undefined, certificate: undefined })
    expect(failureOf(report)).toMatchObject({ step: 'identify', fault: 'no_identity' })
  })

  test('14. an agent that does not trust this gateway', async () => {
    await using agent = hostAgent([])
    const { port } = await agent.listen({ host: '127.0.0.1' })
    expect(failureOf(await examine(port))).toEqual({
      step: 'identify',
      fault: 'not_trusted',
      fix: `let the agent trust the thumbprint of this gateway, ${ours.thumbprint}`,
    })
  })

  test('15. a server that speaks TLS and another protocol', async () => {
    await using listener = await listenRaw({
      certificate: theirs,
      onConnection: async peer => {
        await peer.readUntil('MX').catch(() => undefined)
        await peer.write('HTTP/1.1 400 Bad Request\r\n\r\n').catch(() => undefined)
        peer.end()
      },
    })
    const { step, fault, fix } = failureOf(await examine(listener.port))
    expect([step, fault]).toEqual(['identify', 'not_an_agent'])
    expect(fix).toContain("it says 'HTTP/1.1'")
  })

  test('16. an agent that hangs after the TLS handshake', async () => {
    await using listener = await listenRaw({ certificate: theirs, onConnection: () => undefined })
    expect(failureOf(await examine(listener.port, { timeoutMs: 300 }))).toMatchObject({ step: 'identify', fault: 'identify_silent' })
  })

  test.each([
    ['17. an agent without the service', 'IOtherService', 'Fail', ['x'], 'service_missing', 'the agent has no IOtherService'],
    [
      '18. an agent whose service lacks the method',
      'IToolService',
      'Other',
      [],
      'method_missing',
      'IToolService of the agent has none that fits',
    ],
    ['19. a service that fails', 'IToolService', 'Fail', ['the disk is full'], 'call_failed', 'the disk is full'],
    ['20. a service that does not answer', 'IToolService', 'Wait', [], 'call_silent', 'gave no answer within 400 ms'],
  ])('%s', async (_, called, name, args, fault, fix) => {
    await using agent = hostAgent()
    const { port } = await agent.listen({ host: '127.0.0.1' })
    const report = await examine(port, { call: { service: called, method: name, args }, timeoutMs: 400 })
    expect(failureOf(report)).toEqual({ step: 'call', fault, fix: expect.stringContaining(fix) })
  })

  test('21. an agent that ends the connection on which a request has come', async () => {
    await using listener = await listenRaw({
      certificate: theirs,
      onConnection: async peer => {
        await peer.readUntil('MX-CLIENT').catch(() => undefined)
        await peer.write('MX-SERVER 1.0\r\n\r\n').catch(() => undefined)
        await peer.readUntil(unread => unread.includes('\r\n\r\n') && unread.length > 40).catch(() => undefined)
        peer.destroy()
      },
    })
    expect(failureOf(await examine(listener.port))).toMatchObject({ step: 'call', fault: 'call_broken_off' })
  })

  test('22. a certificate that was revoked, though it is the pinned one', async () => {
    await using agent = hostAgent()
    const { port } = await agent.listen({ host: '127.0.0.1' })
    expect(failureOf(await examine(port, { isRevoked: true }))).toEqual({
      step: 'trust',
      fault: 'revoked',
      fix: `give the agent another certificate and pin that, or take the revocation of ${theirs.thumbprint} back`,
    })
  })

  test('takes the certificate that an agent is to have next as well as the one that it had', async () => {
    await using agent = hostAgent()
    const { port } = await agent.listen({ host: '127.0.0.1' })
    const pinned = { thumbprint: 'A'.repeat(40), nextThumbprint: theirs.thumbprint }
    const report = await examine(port, pinned)
    expect([report.isHealthy, report.steps[4]?.found]).toEqual([
      true,
      'it is the certificate that the agent is to have next, which is pinned too',
    ])
    const neither = await examine(port, { ...pinned, nextThumbprint: 'B'.repeat(40) })
    expect(failureOf(neither)).toMatchObject({ step: 'trust', fault: 'certificate_changed' })
  })

  test('23. an address that must not be dialled, before anything goes there', async () => {
    let connections = 0
    await using server = await tcpServer(() => void connections++)
    const elsewhere = new Destinations(['10.0.0.0/8'])
    expect(failureOf(await examine(server.port, { destinations: elsewhere }))).toEqual({
      step: 'tcp',
      fault: 'not_allowed',
      fix: `correct the address 127.0.0.1:${server.port}, or add it to the setting destinations`,
    })
    const local = await examine(1, { uri: 'https://169.254.169.254/', destinations: new Destinations() })
    expect(failureOf(local)).toMatchObject({ step: 'tcp', fault: 'not_allowed' })
    expect(connections).toBe(0)
  })

  test('a polling agent cannot be gone to, and what is no address is told as that', async () => {
    const poll = await examine(1, { uri: 'poll://web-1/' }).catch((error: HalibutError) => error)
    expect(poll).toMatchObject({ kind: 'invalid_argument', message: 'poll://web-1/ polls: there is nothing to go to' })
    await expect(examine(1, { uri: 'web-1' })).rejects.toThrow('it has no scheme')
  })

  test('gives up when it is told to', async () => {
    await using listener = await listenRaw({ certificate: theirs, onConnection: () => undefined })
    const stop = new AbortController()
    const given = examine(listener.port, {
      signal: stop.signal,
      onStep: ({ step }) => void (step === 'trust' && setImmediate(() => stop.abort())),
    })
    await expect(given).rejects.toMatchObject({ kind: 'cancelled' })
  })

  test('every fix is one line that begins with what to do', () => {
    for (const fix of Object.values(faults)) expect(fix).toMatch(/^[a-z][^\n]+$/)
  })
})

describe('the doctor goes through a proxy', () => {
  test('and finds nothing wrong with an agent that is well', async () => {
    await using agent = hostAgent()
    const { port } = await agent.listen({ host: '127.0.0.1' })
    await using proxy = await connectProxy({ to: port })
    const report = await examine(10_933, {
      uri: 'https://agent.example:10933/',
      proxy: { host: '127.0.0.1', port: proxy.port, user: 'gateway', password: 'secret' },
    })
    expect([report.isHealthy, report.steps.map(({ outcome }) => outcome)]).toEqual([true, stepNames.map(() => 'passed')])
    expect(report.steps.slice(0, 2).map(({ found }) => found)).toEqual([
      'the proxy 127.0.0.1 is an address',
      'the proxy 127.0.0.1 connects to agent.example:10933',
    ])
    for (const request of proxy.requests) {
      expect(request).toMatch(/^CONNECT agent\.example:10933 /)
      expect(request).toContain(`Basic ${Buffer.from('gateway:secret').toString('base64')}`)
    }
  })

  test('and finds what is wrong behind it', async () => {
    await using server = await tcpServer(socket => void socket.write('SSH-2.0-OpenSSH_9.6\r\n'))
    await using proxy = await connectProxy({ to: server.port })
    const through = { uri: 'https://agent.example:10933/', proxy: { host: '127.0.0.1', port: proxy.port } }
    expect(failureOf(await examine(1, through))).toEqual({
      step: 'tls',
      fault: 'not_tls',
      fix: 'make the port 10933 that of the agent: what has it does not speak TLS, it says "SSH-2.0-OpenSSH_9.6"',
    })
  })

  test.each([
    [
      '24. a proxy that wants to know who asks',
      proxyAnswers.wantsLogin,
      'proxy_wants_login',
      /^give the user and the password that the proxy 127\.0\.0\.1:\d+ wants$/,
    ],
    [
      '25. a proxy that does not let us through',
      proxyAnswers.refuses,
      'proxy_refuses',
      /^let the proxy .* connect to agent\.example:10933: it says "403 Forbidden"$/,
    ],
    ['26. a proxy that does not reach the agent', proxyAnswers.cannotReach, 'proxy_refuses', /it says "504 Gateway Timeout"$/],
    [
      '27. a proxy that is none',
      'SSH-2.0-OpenSSH_9.6\r\n\r\n',
      'not_a_proxy',
      /^correct the address of the proxy: what has 127\.0\.0\.1:\d+ is none$/,
    ],
    ['28. a proxy that ends the connection', '', 'proxy_unreachable', /^start the proxy 127\.0\.0\.1:\d+, or correct its address$/],
  ])('%s', async (_, answer, fault, fix) => {
    await using proxy = await connectProxy({ answer })
    const through = { uri: 'https://agent.example:10933/', proxy: { host: '127.0.0.1', port: proxy.port } }
    expect(failureOf(await examine(1, through))).toEqual({ step: 'tcp', fault, fix: expect.stringMatching(fix) })
  })

  test('29. a proxy that is not there', async () => {
    const proxy = { host: '127.0.0.1', port: await freePort() }
    expect(failureOf(await examine(1, { proxy }))).toMatchObject({ step: 'tcp', fault: 'proxy_unreachable' })
  })

  test('30. a proxy whose name does not resolve', async () => {
    const { step, fix } = failureOf(await examine(1, { proxy: { host: 'no-such-proxy.invalid', port: 3128 } }))
    expect([step, fix]).toEqual(['dns', expect.stringContaining('no-such-proxy.invalid')])
  })
})

async function freePort(): Promise<number> {
  await using server = await tcpServer(() => undefined)
  return server.port
}

/** A port whose backlog is full and of whose owner nobody hears: what else comes is dropped by the system, as by a firewall. */
async function droppingPort(): Promise<AsyncDisposable & { readonly port: number }> {
  const script = `const server = require('node:net').createServer()
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  require('node:fs').writeSync(1, String(server.address().port) + '\\n')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
})`
  const child: ChildProcess = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [text] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer]
  const port = Number(text.toString())
  const fillers: Socket[] = []
  for (let i = 0; i < 4; i++) fillers.push(connect({ host: '127.0.0.1', port }).on('error', () => undefined))
  await once(fillers[1] as Socket, 'connect')
  return {
    port,
    async [Symbol.asyncDispose]() {
      const gone = [once(child, 'exit'), ...fillers.map(filler => once(filler, 'close'))]
      for (const filler of fillers) filler.destroy()
      child.kill('SIGKILL')
      await Promise.all(gone)
    },
  }
}
