import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AttentionItem, PendingSnapshot } from '@halibut-gateway/schemas'
import { expect, test, vi } from 'vitest'
import { Access } from '../../server/src/access/access.ts'
import { Attention, type Finding } from '../../server/src/attention/attention.ts'
import { silentLog } from '../../server/src/base/log.ts'
import { startGateway } from '../../server/src/cli/start.ts'
import { loadSettings } from '../../server/src/settings/load.ts'
import { createTestCertificate } from '../support/certificates.ts'
import { createGatewayWorld } from '../support/gateway.ts'
import { sumOf } from '../support/prometheus.ts'
import { createRuntime } from '../support/world.ts'

const dayMs = 86_400_000
type Told = { readonly result: { readonly items: readonly AttentionItem[]; readonly next?: string } }

function found(code: Finding['code'], about: Finding['about'] = {}, version: unknown = 1): Finding {
  const tell = () => ({ text: `${code} ${String(version)}`, action: { text: 'do it' } })
  return { code, subject: Object.values(about).join(), about, sinceMs: 0, version, tell }
}

test('each sees what needs a person as far as its rights and the rules go, in pages too', async () => {
  const findings = [
    found('store_failing'),
    found('agent_pending', { pending: 'p' }),
    found('agent_refused', { agent: 'a1' }),
    found('agent_refused', { agent: 'a2' }),
    found('agent_cloned', { agent: 'a1', thumbprint: 'A' }),
    found('agent_cloned', { agent: 'a2', thumbprint: 'B' }),
    found('agent_pending', { pending: 'q', agent: 'a3' }),
    found('token_expires', { token: 't' }),
  ]
  const attention = new Attention({ checks: [{ name: 'test', look: () => findings }], log: silentLog })
  const access = new Access()
  await access.change({
    rules: [{ name: 'their own', who: ['operator', 'viewer'], agents: ['a1'] }],
  })
  await using world = await createGatewayWorld({ attention, access })
  world.directory.add({ id: 'a2', uri: 'poll://a2/', thumbprint: 'B'.repeat(40) })
  world.directory.add({ id: 'a3', uri: 'poll://a3/', thumbprint: 'C'.repeat(40) })
  const seenBy = async (role: string): Promise<string[]> => {
    const socket = await world.open(role)
    return ((await socket.ask(1, 'attention.list')) as Told).result.items.map(({ id }) => id)
  }
  const [state, pending, one, two, token] = ['store_failing ', 'agent_pending p', 'agent_refused a1', 'agent_refused a2', 'token_expires t']
  const [clonesOfOne, clonesOfTwo, pendingThree] = ['agent_cloned a1,A', 'agent_cloned a2,B', 'agent_pending q,a3']
  const all = [one, two, pending, state, token, clonesOfOne, clonesOfTwo, pendingThree].sort()
  expect((await seenBy('viewer')).sort()).toEqual([one, state].sort())
  expect((await seenBy('operator')).sort()).toEqual([clonesOfOne, one, pending, state].sort())
  expect((await seenBy('admin')).sort()).toEqual(all)

  const pages: string[] = []
  let cursor: string | undefined = ''
  while (cursor !== undefined) {
    const query: string = cursor === '' ? '' : `&cursor=${cursor}`
    const headers = { authorization: 'Bearer admin' }
    const { items, next } = (await (await fetch(`${world.origin}/api/v1/attention?limit=2${query}`, { headers })).json()) as Told['result']
    expect(items.length).toBeLessThanOrEqual(2)
    pages.push(...items.map(({ id }) => id))
    cursor = next
  }
  expect(pages).toEqual(all)
})

test('a watch tells what there is, then what comes, changes and goes, and nothing of what its reader may not see', async () => {
  let findings = [found('store_failing'), found('token_expires', { token: 't' })]
  const attention = new Attention({ checks: [{ name: 'test', look: () => findings }], log: silentLog })
  await using world = await createGatewayWorld({ attention })
  const socket = await world.open('viewer')
  attention.look()
  socket.send({ jsonrpc: '2.0', id: 'w', method: 'attention.watch' })
  const next = async (): Promise<unknown> => ((await socket.next()) as { params: { item: unknown } }).params.item
  expect(await next()).toMatchObject({ type: 'snapshot', items: [{ code: 'store_failing', text: 'store_failing 1' }] })
  findings = [found('store_failing', {}, 2)]
  attention.look()
  expect(await next()).toMatchObject({ type: 'changed', items: [{ text: 'store_failing 2' }] })
  findings = []
  attention.look()
  expect(await next()).toEqual({ type: 'removed', ids: ['store_failing '] })
})

test('a gateway tells who knocks and whose certificate ends soon, until that is seen to, and counts it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'halibut-attention-'))
  const soon = createTestCertificate({ commonName: 'soon', notAfter: new Date(Date.now() + 10 * dayMs) })
  await using agent = createRuntime('agent', { certificate: soon, onUnauthorised: () => 'trust_and_allow' })
  await using stranger = createRuntime('stranger')
  const config = join(folder, 'settings.json')
  const agents = [{ id: 'web-1', uri: 'poll://web-1/', thumbprint: soon.thumbprint }]
  await writeFile(config, JSON.stringify({ port: 0, agentPort: 0, stateFolder: join(folder, 'state'), agents }))
  let polled = { thumbprint: '', port: 0 }
  const gateway = await startGateway(loadSettings({ flags: ['--config', config], environment: {} }), (_level, message, fields) => {
    if (message.startsWith('agents have to trust')) polled = fields as typeof polled
  })
  try {
    const [url = '', token = ''] = gateway.address.split('#token=')
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const ask = async (path: string, body?: object): Promise<unknown> => {
      const response = await fetch(`${url}${path}`, { headers, ...(body && { method: 'POST', body: JSON.stringify(body) }) })
      return path === 'metrics' ? await response.text() : await response.json()
    }
    const items = async () => ((await ask('api/v1/attention')) as Told['result']).items
    const endpoint = { uri: `https://127.0.0.1:${polled.port}/`, thumbprint: polled.thumbprint }
    agent.poll({ subscription: 'poll://web-1/', endpoint })
    stranger.poll({ subscription: 'poll://new/', endpoint })
    await vi.waitFor(async () => {
      expect((await items()).map(({ code, about }) => [code, about])).toEqual([
        ['agent_certificate_expires', { agent: 'web-1', thumbprint: soon.thumbprint }],
        ['agent_pending', { pending: expect.any(String), thumbprint: stranger.thumbprint }],
      ])
    })
    const count = async (code: string) => sumOf((await ask('metrics')) as string, 'halibut_gateway_attention', { code })
    expect([await count('agent_pending'), await count('agent_certificate_expires'), await count('store_failing')]).toEqual([1, 1, 0])
    const { pending } = (await ask('api/v1/trust/pending')) as { pending: readonly PendingSnapshot[] }
    const [knock] = pending
    if (!knock) throw new Error('nobody is pending')
    await ask(`api/v1/trust/pending/${knock.id}/approve`, { id: 'new', thumbprint: knock.thumbprint, version: knock.version })
    await vi.waitFor(async () => expect((await items()).map(({ code }) => code)).toEqual(['agent_certificate_expires']))
    expect(await count('agent_pending')).toBe(0)
  } finally {
    await gateway.close()
    await rm(folder, { recursive: true })
  }
})
