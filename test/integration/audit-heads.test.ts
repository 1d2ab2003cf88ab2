import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer as createHttps } from 'node:https'
import { type AddressInfo, createServer as createTcp, type Server } from 'node:net'
import { createServer as createTls } from 'node:tls'
import { expect, test, vi } from 'vitest'
import { HeadSender } from '../../server/src/audit/head-sender.ts'
import { parseHead, signHead } from '../../server/src/audit/signed-head.ts'
import { parseSyslogAddress, syslogOutlet } from '../../server/src/audit/syslog.ts'
import { parseWebhookUrl, webhookOutlet } from '../../server/src/audit/webhook.ts'
import { createSelfSignedCertificate } from '../../server/src/runtime/certificates.ts'
import { Destinations } from '../../server/src/socket/destinations.ts'
import { testIdentity } from '../support/certificates.ts'

const head = (sequence: number) => signHead({ sequence, hash: 'a'.repeat(64) }, testIdentity('gateway'))
let server: Server
const destinations = new Destinations()
const signal = new AbortController().signal

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

test('a webhook over HTTPS gets the newest head with its token, again after it was refused, and the line of JSON is a head', async () => {
  const { certificatePem: cert, keyPem: key } = await createSelfSignedCertificate({ commonName: 'localhost' })
  const seen: { readonly body: string; readonly authorization: string | undefined }[] = []
  const statuses = [503, 204]
  const server = createHttps({ cert, key }, async (request, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    seen.push({ body, authorization: request.headers.authorization })
    response.writeHead(statuses.shift() ?? 204).end()
  })
  const url = parseWebhookUrl(`https://localhost:${await listening(server)}/heads`)
  const told: boolean[] = []
  const log = vi.fn()
  const sender = new HeadSender({
    outlets: [webhookOutlet({ url, token: 'a-token', authorities: [cert], destinations })],
    head: () => head(3),
    everyMs: 3_600_000,
    log,
    onSent: (_, isTaken) => told.push(isTaken),
  })
  await vi.waitFor(() => expect(told).toEqual([false, true]), { timeout: 20_000 })
  sender.send()
  await sender.close()
  expect(seen.map(({ authorization }) => authorization)).toEqual(['Bearer a-token', 'Bearer a-token'])
  expect(parseHead(seen[1]?.body ?? '')).toMatchObject({ sequence: 3 })
  expect(log.mock.calls.map(([level]) => level)).toEqual(['warn', 'info'])
  expect(JSON.stringify(log.mock.calls)).not.toContain('a-token')
  await expect(webhookOutlet({ url, destinations }).send(head(1), signal)).rejects.toThrow()
  server.close()
})

test('a collector of logs gets heads by RFC 5424, over UDP, and over TCP and TLS with their octets counted', async () => {
  const message = /^<109>1 \d{4}-\d\d-\d\dT[\d:.]+Z \S+ halibut-gateway \d+ audit-head - (\{.*\})$/
  const udp = createSocket('udp4')
  udp.bind(0, '127.0.0.1')
  await once(udp, 'listening')
  const datagram = once(udp, 'message')
  await syslogOutlet({ transport: 'udp', host: '127.0.0.1', port: udp.address().port, destinations }).send(head(1), signal)
  const [, line = ''] = message.exec(String((await datagram)[0])) ?? []
  expect(parseHead(line)).toMatchObject({ sequence: 1 })
  udp.close()

  const { certificatePem: cert, keyPem: key } = await createSelfSignedCertificate({ commonName: 'localhost' })
  for (const transport of ['tcp', 'tls'] as const) {
    let text = ''
    const ended = new Promise<void>(resolve => {
      const take = (socket: NodeJS.ReadableStream): void => {
        socket.on('data', chunk => {
          text += String(chunk)
        })
        socket.on('end', () => resolve())
      }
      server = transport === 'tcp' ? createTcp(take) : createTls({ cert, key }, take)
    })
    const port = await listening(server)
    await syslogOutlet({ transport, host: 'localhost', port, authorities: [cert], destinations }).send(head(2), signal)
    await ended
    const [, count, rest = ''] = /^(\d+) (.*)$/s.exec(text) ?? []
    expect([transport, Number(count)]).toEqual([transport, Buffer.byteLength(rest)])
    expect(parseHead(message.exec(rest)?.[1] ?? '')).toMatchObject({ sequence: 2 })
    server.close()
  }
})

test('nothing is sent to a link-local address, however it is written', async () => {
  for (const host of ['169.254.169.254', 'fe80::1', '::ffff:169.254.169.254'])
    await expect(syslogOutlet({ transport: 'udp', host, port: 514, destinations }).send(head(1), signal)).rejects.toThrow(
      'nothing is ever dialled',
    )
  const url = parseWebhookUrl('https://169.254.169.254/latest')
  await expect(webhookOutlet({ url, destinations }).send(head(1), signal)).rejects.toThrow('nothing is ever dialled')
})

test('an address that heads cannot go to is told', () => {
  for (const text of ['http://logs.example/', 'logs.example', 'https://user:secret@logs.example/'])
    expect(() => parseWebhookUrl(text)).toThrow()
  for (const text of ['logs.example', 'tls://', 'tls://logs.example:0', 'tls://logs.example:99999', 'http://logs.example'])
    expect(() => parseSyslogAddress(text)).toThrow('is not an address such as')
  expect([parseSyslogAddress('tls://logs.example'), parseSyslogAddress('udp://[::1]:5514')]).toEqual([
    { transport: 'tls', host: 'logs.example', port: 6514 },
    { transport: 'udp', host: '::1', port: 5514 },
  ])
})
