import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { createClient } from '../../client-sdk/src/index.ts'
import { type RunningGateway, startGateway } from '../../server/src/cli/start.ts'
import { loadSettings } from '../../server/src/settings/load.ts'
import { flowService, hostFlowService } from '../support/flow-service.ts'
import { nodeWebSocket } from '../support/node-websocket.ts'
import { samplesOf, sumOf } from '../support/prometheus.ts'
import { createRuntime } from '../support/world.ts'

test('each call, request, agent, connection and sign-in of a gateway is counted once, and nobody reads that without a token', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'halibut-metrics-'))
  await using agent = createRuntime('agent', { onUnauthorised: () => 'trust_and_allow' })
  await using stranger = createRuntime('stranger')
  hostFlowService(agent, () => undefined)
  const { port } = await agent.listen({ host: '127.0.0.1' })
  const lines: string[] = []
  let gateway: RunningGateway | undefined
  try {
    const [path, contract] = [join(folder, 'settings.json'), join(folder, 'contract.json')]
    const agents = [{ id: 'web-1', uri: `https://127.0.0.1:${port}/`, thumbprint: agent.thumbprint }]
    await writeFile(contract, JSON.stringify(flowService))
    await writeFile(
      path,
      JSON.stringify({ demo: false, port: 0, agentPort: 0, stateFolder: join(folder, 'state'), agents, contracts: [contract] }),
    )
    let polled = { thumbprint: '', port: 0 }
    gateway = await startGateway(loadSettings({ flags: ['--config', path], environment: {} }), (_level, message, fields) => {
      lines.push(`${message} ${JSON.stringify(fields)}`)
      if (message.startsWith('agents have to trust')) polled = fields as typeof polled
    })
    const { origin, hash } = new URL(gateway.address)
    const token = hash.slice('#token='.length)
    const scrape = async () => await (await fetch(`${origin}/metrics`, { headers: { authorization: `Bearer ${token}` } })).text()
    expect((await fetch(`${origin}/metrics`)).status).toBe(401)
    expect((await fetch(`${origin}/metrics`, { headers: { authorization: 'Bearer hgw_start_wrong' } })).status).toBe(401)

    await using client = createClient({ url: origin, token, webSocket: nodeWebSocket, reconnect: false })
    const flow = client.agent('web-1').service(flowService)
    for (let i = 0; i < 3; i++) expect(await flow.Add(1n, 2n)).toBe(3n)
    await expect(flow.Fail('x')).rejects.toThrow('x')
    await expect(client.agent('web-1').invoke('IMadeUp', 'Anything', [])).rejects.toThrow()
    await expect(client.agent('nobody').invoke('IMadeUp', 'Anything', [])).rejects.toThrow()
    expect((await (await flow.Zeros(100_000n))?.bytes())?.byteLength).toBe(100_000)
    expect(await flow.Length(new Uint8Array(70_000))).toBe(70_000n)
    stranger.poll({
      subscription: 'poll://stranger/',
      endpoint: { uri: `https://127.0.0.1:${polled.port}/`, thumbprint: polled.thumbprint },
    })
    await vi.waitFor(async () => expect(sumOf(await scrape(), 'halibut_refused_connections_total')).toBeGreaterThan(0))
    await vi.waitFor(async () => expect(sumOf(await scrape(), 'halibut_agents', { state: 'connected', agent_mode: 'listening' })).toBe(1))
    await fetch(`${origin}/made/up`)
    await vi.waitFor(async () => expect(sumOf(await scrape(), 'http_server_request_duration_seconds_count', { http_route: '' })).toBe(1))

    const text = await scrape()
    const value = (name: string, labels?: Record<string, string>) => sumOf(text, name, labels)
    expect(value('halibut_ready')).toBe(1)
    expect(value('halibut_calls_total', { outcome: 'answered', agent_mode: 'listening' })).toBe(5)
    expect(value('halibut_calls_total', { error_type: 'service_failed' })).toBe(1)
    expect(value('halibut_calls_total')).toBe(7)
    expect(value('halibut_calls_open')).toBe(0)
    expect(value('halibut_queue_wait_seconds_count')).toBe(7)
    expect(value('rpc_client_call_duration_seconds_count')).toBe(7)
    expect(value('rpc_client_call_duration_seconds_count', { rpc_service: 'IFlowService', rpc_method: 'Add', rpc_system: 'halibut' })).toBe(
      3,
    )
    expect(value('rpc_client_call_duration_seconds_count', { rpc_service: '_other' })).toBe(1)
    expect(value('halibut_requests_total', { rpc_method: 'agent.invoke' })).toBe(8)
    expect(value('halibut_requests_total', { rpc_method: 'agent.invoke', error_type: 'agent_not_found' })).toBe(1)
    expect(value('halibut_sessions', { state: 'connected' })).toBe(1)
    expect(value('halibut_browser_sockets')).toBe(1)
    expect(value('halibut_stream_bytes_total', { direction: 'download' })).toBe(100_000)
    expect(value('halibut_stream_bytes_total', { direction: 'upload' })).toBe(70_000)
    expect(value('halibut_sign_ins_total', { outcome: 'refused' })).toBe(1)
    expect(value('halibut_sign_ins_total', { outcome: 'accepted' })).toBeGreaterThan(1)
    expect(value('halibut_agent_state_changes_total', { state: 'connected' })).toBe(1)
    expect(value('http_server_request_duration_seconds_count', { http_route: '/metrics', http_response_status_code: '401' })).toBe(2)
    expect(samplesOf(text).filter(({ labels }) => JSON.stringify(labels).includes('IMadeUp'))).toEqual([])
    expect(value('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThanOrEqual(0)
    expect(lines.filter(line => line.startsWith('agent connected ') && line.includes('"agent":"web-1"'))).toHaveLength(1)
    expect(lines.find(line => line.startsWith('refused: '))).toContain(stranger.thumbprint)
  } finally {
    await gateway?.close()
    await rm(folder, { recursive: true })
  }
})
