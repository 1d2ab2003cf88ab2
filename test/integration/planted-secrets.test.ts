import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { member, method, object, service, string } from '@halibut-gateway/schemas/contract'
import { expect, test } from 'vitest'
import { createClient } from '../../client-sdk/src/index.ts'
import { startGateway } from '../../server/src/cli/start.ts'
import { loadSettings } from '../../server/src/settings/load.ts'
import { createLog } from '../../server/src/telemetry/log.ts'
import { collectSpans } from '../support/collected-spans.ts'
import { nodeWebSocket } from '../support/node-websocket.ts'
import { ask } from '../support/rest.ts'
import { createRuntime } from '../support/world.ts'

const credential = object('S.Credential, S', { User: string, Password: member(string, { secret: true, pattern: '^planted-[a-z0-9-]+$' }) })
const vault = service('IVault', {
  Open: method([['credential', credential]], credential),
  Fail: method([['credential', credential]], credential),
})

/** What stands before each place of a text where something stands that must not. */
function around(text: string, secret: string): string[] {
  return text
    .split(secret)
    .slice(0, -1)
    .map(part => part.slice(-200))
}

test('what a contract marks as secret stands in nothing that tells of calls, and on the disk only in the outcome that a key asks for', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'halibut-secrets-'))
  const state = join(folder, 'state')
  const planted = (name: string): string => `planted-${name}-9f3c1e`
  const credentials = (name: string) => [{ User: 'ann', Password: planted(name) }]
  await using spans = collectSpans()
  await using agent = createRuntime('agent', { onUnauthorised: () => 'trust_and_allow' })
  agent.addService(vault, {
    Open: given => ({ User: given.User, Password: planted('result') }),
    Fail: () => {
      throw new Error('it does not open')
    },
  })
  const { port } = await agent.listen({ host: '127.0.0.1' })
  try {
    const [config, contract] = [join(folder, 'settings.json'), join(folder, 'contract.json')]
    const agents = [{ id: 'web-1', uri: `https://127.0.0.1:${port}/`, thumbprint: agent.thumbprint }]
    await writeFile(contract, JSON.stringify(vault))
    const fixed = { demo: false, port: 0, agentPort: 0, stateFolder: state, logLevel: 'debug' }
    await writeFile(config, JSON.stringify({ ...fixed, agents, contracts: [contract] }))
    const told: unknown[] = []
    const lines: string[] = []
    const log = createLog({ write: line => void lines.push(line), format: 'json', level: 'debug' })
    const gateway = await startGateway(loadSettings({ flags: ['--config', config], environment: {} }), log)
    const { origin, hash } = new URL(gateway.address)
    const token = hash.slice('#token='.length)
    const tokens: string[] = [token]
    const client = createClient({ url: origin, token, webSocket: nodeWebSocket })
    const leave = new AbortController()
    const watching = [client.watchCalls({ signal: leave.signal }), client.watchMesh({ signal: leave.signal })].map(async items => {
      try {
        for await (const item of items) told.push(item)
      } catch (why) {
        told.push(String(why))
      }
    })
    const world = { origin, token }
    const rest = async (request: string, body?: unknown, headers?: Record<string, string>) => {
      const answer = await ask(world, request, body, headers)
      return { ...answer, text: JSON.stringify(answer.body) }
    }
    const calls = 'POST /agents/web-1/calls'
    const call = (how: string, args: unknown, more: object = {}) => ({ service: 'IVault', method: how, args, ...more })
    // What the caller gets of a call that it made itself is the result.
    const answered = await rest(calls, call('Open', credentials('rest')))
    expect(answered.text).toContain(planted('result'))
    const failures = [
      await rest(calls, call('Fail', credentials('failed'))),
      await rest(calls, call('Open', [{ User: 'ann', Password: 'misfit-9f3c1e' }])),
      await rest(calls, call('Open', [{ User: 7, Password: planted('misfit') }])),
      await rest(calls, call('None', credentials('none'))),
    ]
    expect(failures.map(({ status }) => status >= 400)).toEqual([true, true, true, true])
    told.push(failures.map(({ body }) => body))
    const other = client.agent('web-1')
    await other.invoke('IVault', 'Open', credentials('socket'))
    for (const args of [[{ User: 'ann', Password: 'misfit-9f3c1e' }], [{ User: 7, Password: planted('misfit') }]])
      told.push(await other.invoke('IVault', 'Open', args).catch((why: unknown) => JSON.stringify(why) + String(why)))
    told.push(await other.invoke('IVault', 'Fail', credentials('failed')).catch((why: unknown) => JSON.stringify(why) + String(why)))
    const made = await rest('POST /tokens', { name: 'ci', role: 'viewer' })
    const { secret } = made.body as { secret: string }
    tokens.push(secret)
    told.push((await ask({ origin, token: secret }, calls, call('Open', credentials('viewer')))).body)
    told.push((await ask({ origin, token: `${secret}x` }, 'GET /agents')).body)
    for (const request of ['GET /calls', 'GET /audit', 'GET /tokens', 'GET /agents/web-1', 'GET /trust/pending'])
      told.push(await rest(request))
    told.push(await (await fetch(`${origin}/metrics`, { headers: { authorization: `Bearer ${token}` } })).text())

    const everything = async (): Promise<{ text: string; disk: string }> => {
      const files = (await readdir(state, { recursive: true, withFileTypes: true })).filter(each => each.isFile())
      const bytes = await Promise.all(
        files.map(async ({ parentPath, name }) => (await readFile(join(parentPath, name))).toString('latin1')),
      )
      const spanTexts = spans.spans().map(({ name, attributes, events, status }) => ({ name, attributes, events, status }))
      return { text: JSON.stringify([told, lines, spanTexts]), disk: bytes.join('\n') }
    }
    const before = await everything()
    expect(before.disk).toContain('IVault')
    expect(before.text).toContain('IVault')
    expect([spans.spans().length > 0, lines.some(line => line.includes('call answered'))]).toEqual([true, true])
    for (const where of [before.text, before.disk]) for (const each of ['9f3c1e', ...tokens]) expect(around(where, each)).toEqual([])

    // A key promises the same answer again, also after a restart: that is kept, and nothing of the arguments.
    const epoch = answered.headers.get('halibut-epoch')
    const keyed = call('Open', credentials('keyed'), { idempotencyKey: 'k', epoch })
    expect((await rest(calls, keyed)).text).toContain(planted('result'))
    expect((await rest(`GET /calls/k?epoch=${epoch}`)).text).toContain(planted('result'))
    leave.abort()
    await Promise.all(watching)
    client.close()
    await gateway.close()
    const after = await everything()
    expect(after.disk).toContain(planted('result'))
    expect([around(after.disk, planted('keyed')), around(after.text, '9f3c1e')]).toEqual([[], []])
    for (const where of [after.text, after.disk]) for (const each of tokens) expect(around(where, each)).toEqual([])
  } finally {
    await rm(folder, { recursive: true })
  }
})
