import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { flowService, hostFlowService } from '../support/flow-service.ts'
import { createRealGateway, type RealGateway } from '../support/real-gateway.ts'

interface Answered {
  readonly status: number
  readonly text: string
}

/** Asks for exactly this path, which `fetch` would make another one of. */
function ask({ port, token }: RealGateway, path: string, headers: Record<string, string> = {}, body?: Buffer): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const method = body ? 'POST' : 'GET'
    const asked = request(
      { host: '127.0.0.1', port, path, method, headers: { authorization: `Bearer ${token}`, ...headers } },
      response => {
        let text = ''
        response.setEncoding('utf8').on('data', chunk => {
          text += String(chunk)
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
      },
    )
    asked.on('error', reject)
    asked.end(body)
  })
}

test('no address leads out of the folder of the page', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'halibut-page-'))
  const pageFolder = join(folder, 'page')
  await mkdir(join(pageFolder, 'assets'), { recursive: true })
  await Promise.all([
    writeFile(join(folder, 'secret.txt'), 'the secret'),
    writeFile(join(folder, 'page-secret.txt'), 'the secret'),
    writeFile(join(pageFolder, '.hidden'), 'the secret'),
    writeFile(join(pageFolder, 'index.html'), 'the page'),
    writeFile(join(pageFolder, 'assets', 'a.js'), 'a script'),
  ])
  try {
    await using gateway = await createRealGateway({
      host: agent => hostFlowService(agent, () => undefined),
      contracts: [flowService],
      gateway: { pageFolder },
    })
    expect(await ask(gateway, '/')).toEqual({ status: 200, text: 'the page' })
    expect(await ask(gateway, '/assets/a.js')).toEqual({ status: 200, text: 'a script' })
    const ups = ['..', '%2e%2e', '%2E.', '.%2e', '%252e%252e', '..;', '%c0%ae%c0%ae', '..%00']
    const slashes = ['/', '%2f', '%5c', '\\', '//', '%252f']
    const paths = ups.flatMap(up =>
      slashes.flatMap(slash => [
        `/${up}${slash}secret.txt`,
        `/assets/${up}${slash}${up}${slash}secret.txt`,
        `/${up}${slash}page-secret.txt`,
      ]),
    )
    paths.push(
      join('/', folder, 'secret.txt'),
      `//${join(folder, 'secret.txt')}`,
      '/page/../../secret.txt',
      '/assets/%00a.js',
      '/..page-secret.txt',
    )
    for (const path of paths) {
      const { status, text } = await ask(gateway, path)
      expect([path, status >= 400 && status < 500, text.includes('the secret')]).toEqual([path, true, false])
    }
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('what is hostile in an address, a header or a body is a problem of the one table, and the gateway goes on', async () => {
  await using gateway = await createRealGateway({ host: agent => hostFlowService(agent, () => undefined), contracts: [flowService] })
  const json = { 'content-type': 'application/json' }
  const calls = '/api/v1/agents/web-1/calls'
  const call = { service: 'IFlowService', method: 'Add', args: ['1', '2'] }
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, ' '))
  const cases: readonly [what: string, path: string, headers: Record<string, string>, body?: Buffer][] = [
    ['an id that is no id', `/api/v1/agents/${encodeURIComponent('<script>')}`, {}],
    ['an id with a line end', '/api/v1/agents/a%0d%0aset-cookie:x', {}],
    ['an id of a prototype', '/api/v1/agents/__proto__', {}],
    ['a thumbprint that is none', '/api/v1/trust/certificates/zz/revoke', json, Buffer.from('')],
    ['a cursor that is none', '/api/v1/agents?cursor=%ff', {}],
    ['a limit beyond all numbers', '/api/v1/agents?limit=1e309', {}],
    ['a body that is deep', calls, json, Buffer.from(`{"args":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)],
    [
      'a body with a prototype',
      calls,
      json,
      Buffer.from('{"__proto__":{"role":"admin"},"service":"IFlowService","method":"Add","args":[]}'),
    ],
    ['a body that is compressed', calls, { ...json, 'content-encoding': 'gzip' }, bomb],
    ['a body that is no JSON', calls, json, Buffer.from([0xff, 0xfe, 0x00])],
    ['a number that is none', calls, json, Buffer.from(JSON.stringify({ ...call, args: ['1', '9'.repeat(1_000)] }))],
    ['a key that is too long', calls, { ...json, 'idempotency-key': 'k'.repeat(5_000) }, Buffer.from(JSON.stringify(call))],
    ['a token with a line end escaped', '/api/v1/agents', { authorization: 'Bearer a%0d%0a' }],
    ['a token that is long', '/api/v1/agents', { authorization: `Bearer ${'a'.repeat(10_000)}` }],
  ]
  for (const [what, path, headers, body] of cases) {
    const { status, text } = await ask(gateway, path, headers, body)
    expect([what, status >= 400 && status < 500]).toEqual([what, true])
    const problem = JSON.parse(text) as { type: string; kind: string }
    expect([what, problem.type, problem.kind === 'internal_error']).toEqual([what, `/problems/${problem.kind}`, false])
  }
  const { status } = await ask(gateway, calls, json, Buffer.from(JSON.stringify(call)))
  expect(status).toBe(200)
  expect(({} as { role?: unknown }).role).toBeUndefined()
})
