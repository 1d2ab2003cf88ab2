import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { createClient, type WebSocketLike } from '../../client-sdk/src/index.ts'
import { gatewayLimits } from '../../server/src/base/limits.ts'
import type { ClockMessage } from '../support/clock-gateway.ts'
import { flowService, hostFlowService } from '../support/flow-service.ts'
import { createRuntime } from '../support/world.ts'

const hourMs = 3_600_000

test('the clock of a gateway goes back an hour: agents are probed as before, sessions go on, every call of a client succeeds', async ({
  task,
}) => {
  const folder = await mkdtemp(join(tmpdir(), 'halibut-clock-'))
  await using agent = createRuntime('agent', { onUnauthorised: () => 'trust_and_allow' })
  hostFlowService(agent, () => undefined)
  const listener = await agent.listen({ host: '127.0.0.1' })
  const uri = `https://127.0.0.1:${listener.port}/`
  const config = join(folder, 'settings.json')
  const contract = join(folder, 'contract.json')
  await writeFile(contract, JSON.stringify(flowService))
  const agents = [{ id: 'web-1', uri, thumbprint: agent.thumbprint, services: [flowService.service] }]
  await writeFile(
    config,
    JSON.stringify({ demo: false, port: 0, agentPort: 0, stateFolder: join(folder, 'state'), contracts: [contract], agents }),
  )

  const child = fork(fileURLToPath(new URL('../support/clock-gateway.ts', import.meta.url)), [], {
    execArgv: ['--conditions=@halibut-gateway/source', '--import', 'tsx'],
  })
  const gone = once(child, 'exit')
  const ask = async (message: ClockMessage): Promise<Record<string, unknown>> => {
    const answer = once(child, 'message')
    child.send(message)
    return (await answer)[0] as Record<string, unknown>
  }
  try {
    const { origin, hash } = new URL(String((await ask({ config }))['address']))
    const sockets: WebSocket[] = []
    const connect = () =>
      createClient({
        url: origin,
        token: hash.slice('#token='.length),
        webSocket: (url, protocols) => {
          const socket = new WebSocket(url, protocols)
          sockets.push(socket)
          return socket as unknown as WebSocketLike
        },
      })
    await using client = connect()
    const events = client.watchAgents()
    const untilState = async (wanted: string): Promise<number> => {
      const startedMs = performance.now()
      for (;;) {
        const { value } = await events.next()
        if (value && value.type !== 'removed' && value.agents[0]?.state === wanted) return performance.now() - startedMs
      }
    }
    await untilState('connected')

    // The honest client, all the while.
    let done = false
    let calls = 0n
    const flow = client.agent('web-1').service(flowService)
    const calling = (async () => {
      for (; !done; calls++) expect(await flow.Add(calls, 1n)).toBe(calls + 1n)
    })()

    const { now } = await ask({ backMs: hourMs })
    expect(Number(now)).toBeLessThan(Date.now() - hourMs + 60_000)
    // A ticket, and a call, of one who comes now.
    await using late = connect()
    expect(await late.agent('web-1').service(flowService).Add(1n, 2n)).toBe(3n)
    // The session goes on over another socket.
    sockets[0]?.terminate()
    await listener.close()
    const offlineMs = await untilState('offline')
    const again = await agent.listen({ host: '127.0.0.1', port: listener.port })
    const connectedMs = await untilState('connected')
    await again.close()
    done = true
    await calling
    const longestMs = 1.5 * gatewayLimits.agentProbeIntervalMs
    expect([offlineMs < longestMs, connectedMs < longestMs, calls > 1_000n]).toEqual([true, true, true])
    expect(client.state).toMatchObject({ at: 'connected', welcome: { resumed: true } })
    task.meta.figures = JSON.stringify({ calls: Number(calls), offlineMs: Math.round(offlineMs), connectedMs: Math.round(connectedMs) })
  } finally {
    if (child.connected) child.disconnect()
    await gone
    await rm(folder, { recursive: true })
  }
})
