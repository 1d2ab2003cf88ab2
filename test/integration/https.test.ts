import { once } from 'node:events'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { subprotocol } from '@halibut-gateway/schemas/wire'
import { expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import type { LogSink } from '../../server/src/base/log.ts'
import { startGateway } from '../../server/src/cli/start.ts'
import { openCertificateFiles } from '../../server/src/gateway/certificate-files.ts'
import { loadSettings } from '../../server/src/settings/load.ts'
import { testIdentity } from '../support/certificates.ts'
import { buildUnitGateway } from '../support/unit-gateway.ts'

/** A folder with the certificate and the key of one identity, which can be replaced. */
async function openFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'halibut-https-'))
  const files = { certificate: join(folder, 'page.crt'), key: join(folder, 'page.key') }
  const put = async (path: string, text: string) => {
    await writeFile(`${path}.new`, text)
    await rename(`${path}.new`, path)
  }
  const putCertificate = (name: string) => put(files.certificate, testIdentity(name).certificatePem)
  const putKey = (name: string) => put(files.key, testIdentity(name).keyPem)
  await putCertificate('first')
  await putKey('first')
  return { folder, files, put, putCertificate, putKey, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }
}

/** For files to be looked at again, on a machine that has much to do. */
const patience = { timeout: 20_000 }

function shownAt(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint.replaceAll(':', ''))
      socket.destroy()
    })
    socket.on('error', reject)
  })
}

test('with a certificate the page and its socket are HTTPS, at an address that says so', async () => {
  await using it = await openFolder()
  const flags = ['--no-demo', '--port', '0', '--agent-port', '0', '--state-folder', join(it.folder, 'state')]
  const files = ['--tls-certificate', it.files.certificate, '--tls-key', it.files.key]
  const gateway = await startGateway(loadSettings({ flags: [...flags, ...files], environment: {} }), () => undefined)
  try {
    const { origin, port, hash } = new URL(gateway.address)
    expect(origin).toBe(`https://127.0.0.1:${port}`)
    expect(await shownAt(Number(port))).toBe(testIdentity('first').thumbprint)
    await expect(fetch(`http://127.0.0.1:${port}/livez`)).rejects.toThrow()
    const socket = new WebSocket(`wss://127.0.0.1:${port}/rpc`, [subprotocol, hash.slice('#token='.length)], {
      rejectUnauthorized: false,
      origin,
    })
    await once(socket, 'open')
    expect(socket.protocol).toBe(subprotocol)
    socket.terminate()
  } finally {
    await gateway.close()
  }
})

test('a certificate that was replaced is shown from then on, and one that does not fit its key changes nothing', async () => {
  await using it = await openFolder()
  const lines: string[] = []
  const log: LogSink = (level, message, fields) => lines.push(`${level} ${message} ${String(fields?.['why'] ?? '')}`)
  const app = await buildUnitGateway({ certificate: await openCertificateFiles(it.files, log, 5) })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as { port: number }
  try {
    expect(await shownAt(port)).toBe(testIdentity('first').thumbprint)
    await it.putCertificate('second')
    await vi.waitFor(() => expect(lines).toHaveLength(1), patience)
    expect(lines[0]).toMatch(/^warn .*the old one stays \S+ with the key of \S+: the private key does not belong to the certificate/)
    expect(await shownAt(port)).toBe(testIdentity('first').thumbprint)
    await it.putKey('second')
    await vi.waitFor(async () => expect(await shownAt(port)).toBe(testIdentity('second').thumbprint), patience)
    expect(lines).toHaveLength(2)
    await it.put(it.files.certificate, 'no PEM')
    await vi.waitFor(() => expect(lines).toHaveLength(3), patience)
    expect(await shownAt(port)).toBe(testIdentity('second').thumbprint)
    await it.putCertificate('first')
    await it.putKey('first')
    await vi.waitFor(async () => expect(await shownAt(port)).toBe(testIdentity('first').thumbprint), patience)
  } finally {
    await app.close()
  }
})

test('files that cannot be used are told with the file before anything starts, and one without the other too', async () => {
  await using it = await openFolder()
  await it.putKey('second')
  const flags = ['--no-demo', '--port', '0', '--agent-port', '0', '--state-folder', join(it.folder, 'state')]
  const start = (...more: string[]) => startGateway(loadSettings({ flags: [...flags, ...more], environment: {} }), () => undefined)
  const certificate = ['--tls-certificate', it.files.certificate]
  await expect(start(...certificate, '--tls-key', it.files.key)).rejects.toThrow(
    `${it.files.certificate} with the key of ${it.files.key}: the private key does not belong to the certificate`,
  )
  await expect(start(...certificate, '--tls-key', join(it.folder, 'none'))).rejects.toThrow('none: there is no such file')
  await expect(start(...certificate)).rejects.toThrow('tlsCertificate and tlsKey belong together')
})

test('plain HTTP on more than this machine is told loudly, and on this machine not', async () => {
  await using it = await openFolder()
  const start = async (host: string) => {
    const lines: string[] = []
    const flags = ['--no-demo', '--host', host, '--port', '0', '--agent-port', '0', '--state-folder', join(it.folder, 'state')]
    const gateway = await startGateway(loadSettings({ flags, environment: {} }), (level, message) => lines.push(`${level} ${message}`))
    await gateway.close()
    return lines.filter(line => line.startsWith('warn') && line.includes('PLAIN HTTP'))
  }
  expect(await start('127.0.0.1')).toEqual([])
  expect(await start('0.0.0.0')).toHaveLength(1)
})
