import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createClient, GatewayError } from '../../client-sdk/src/index.ts'
import type { Certificate } from '../../server/src/runtime/certificates.ts'
import { rsaIdentity, testIdentity } from './certificates.ts'
import { requireDescriptors } from './descriptors.ts'
import type { FleetStart } from './fleet-process.ts'
import type { GatewayPorts, GatewayStart } from './gateway-process.ts'
import { nodeWebSocket } from './node-websocket.ts'
import { echoService } from './sample-contracts.ts'
import { addSampleServices } from './sample-services.ts'
import { createRuntime } from './world.ts'

const token = 'hgw_start_fleet'
/** Agents that share a certificate: fewer than the gateway lets one have. */
const groupSize = 500
/** Between two calls of the browser: a person’s page, and no load. */
const callPauseMs = 10
/** How long a call may take; longer than the honest agent is away. */
const callTimeoutMs = 60_000

export interface FleetOptions {
  readonly agents: number
  /** In so many processes. */
  readonly processes: number
  readonly reconnectMs?: FleetStart['reconnectMs']
}

/** What a browser saw while the gateway of a fleet was killed and started again. */
export interface FleetResult {
  /** From the start until all agents were connected; and from the kill on. Milliseconds. */
  readonly firstMs: number
  readonly againMs: number
  /** Calls that were answered, the longest of them in milliseconds once the new gateway was there, and the kinds of errors of others. */
  readonly calls: number
  readonly longestMs: number
  readonly errors: readonly string[]
  /** Of those, calls that failed while no gateway was away. */
  readonly wrongErrors: readonly string[]
  /** Items of the watch after the kill, and how many agents they told of. */
  readonly items: number
  readonly changes: number
  /** Agents that the browser knows as connected at the end. */
  readonly connected: number
}

function startProcess(file: string, message: FleetStart | GatewayStart): ChildProcess {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), [], {
    execArgv: ['--conditions=@halibut-gateway/source', '--import', 'tsx'],
  })
  child.send(message)
  return child
}

/** Kills the gateway of so many polling agents, and waits until a browser that watches them knows all as connected again. */
export async function killFleetGateway({ agents: count, processes, reconnectMs }: FleetOptions): Promise<FleetResult> {
  requireDescriptors(count)
  const identity = await rsaIdentity()
  const honest = createRuntime('honest')
  addSampleServices((contract, implementation, options) => honest.addService(contract, implementation, options))
  const groups = Array.from({ length: Math.ceil(count / groupSize) }, (_, i) => ({
    certificate: testIdentity(`group ${i}`),
    ids: Array.from({ length: Math.min(groupSize, count - i * groupSize) }, (_each, j) => `agent-${i * groupSize + j}`),
  }))
  const agents = {
    honest: honest.thumbprint,
    ...Object.fromEntries(groups.flatMap(({ certificate, ids }) => ids.map(id => [id, certificate.thumbprint]))),
  }
  const children: ChildProcess[] = []
  async function startGateway(ports?: GatewayPorts): Promise<{ child: ChildProcess; ports: GatewayPorts }> {
    const start: GatewayStart = { ...pemOf(identity), token, agents, areExpected: false, ...(ports && { ports }) }
    const child = startProcess('./gateway-process.ts', start)
    children.push(child)
    const [opened] = (await once(child, 'message')) as [GatewayPorts]
    return { child, ports: opened }
  }

  const first = await startGateway()
  const { port, agentPort } = first.ports
  const endpoint = { uri: `https://127.0.0.1:${agentPort}/`, thumbprint: identity.thumbprint }
  honest.poll({ subscription: 'poll://honest/', endpoint })
  const client = createClient({ url: `http://127.0.0.1:${port}/`, token, webSocket: nodeWebSocket, backoff: { firstMs: 50, maxMs: 500 } })
  const browser = watchAndCall(client, count + 1)
  try {
    const startedAt = performance.now()
    for (let i = 0; i < processes; i++) {
      const its = groups.filter((_, j) => j % processes === i)
      const start: FleetStart = { ...endpoint, reconnectMs, groups: its.map(({ certificate, ids }) => ({ ...pemOf(certificate), ids })) }
      children.push(startProcess('./fleet-process.ts', start))
    }
    await browser.allConnected()
    const firstMs = performance.now() - startedAt
    const killedAt = performance.now()
    browser.gatewayGone()
    first.child.kill('SIGKILL')
    await once(first.child, 'exit')
    await startGateway(first.ports)
    browser.gatewayBack()
    await browser.allConnected()
    const againMs = performance.now() - killedAt
    return { firstMs: Math.round(firstMs), againMs: Math.round(againMs), ...(await browser.end()) }
  } finally {
    await browser.end()
    client.close()
    await honest.close()
    for (const child of children) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      const gone = once(child, 'exit')
      child.disconnect()
      await gone
    }
  }
}

/** A browser that watches the agents and calls the honest one all the time. */
function watchAndCall(client: ReturnType<typeof createClient>, count: number) {
  const states = new Map<string, string>()
  const leaving = new AbortController()
  let [items, changes, calls, longestMs] = [0, 0, 0, 0]
  const errors: string[] = []
  const wrongErrors: string[] = []
  /** No gateway is there, or it has only just come: what began before may fail. */
  let goneAt: number | undefined
  let backAt: number | undefined
  let tellAll: (() => void) | undefined
  const isAll = (): boolean => states.size === count && [...states.values()].every(state => state === 'connected')

  async function watch(): Promise<void> {
    for await (const event of client.watchAgents({ signal: leaving.signal })) {
      if (goneAt !== undefined) items++
      if (event.type === 'removed') for (const id of event.ids) states.delete(id)
      else {
        for (const { id, state } of event.agents) states.set(id, state)
        if (goneAt !== undefined && event.type === 'changed') changes += event.agents.length
      }
      if (isAll()) tellAll?.()
    }
  }

  async function call(): Promise<void> {
    const echo = client.agent('honest').service(echoService)
    while (!leaving.signal.aborted) {
      const at = performance.now()
      try {
        await echo.SayHello('you', { timeoutMs: callTimeoutMs })
        calls++
        if (backAt !== undefined && at > backAt) longestMs = Math.max(longestMs, performance.now() - at)
      } catch (why) {
        const kind = why instanceof GatewayError ? why.kind : String(why)
        errors.push(kind)
        if (goneAt === undefined || (backAt !== undefined && at > backAt)) wrongErrors.push(kind)
      }
      await pause(callPauseMs)
    }
  }

  const running = Promise.allSettled([watch(), call()])
  return {
    async allConnected(): Promise<void> {
      if (isAll()) return
      await new Promise<void>(resolve => {
        tellAll = resolve
      })
    },
    gatewayGone(): void {
      goneAt = performance.now()
      states.clear()
    },
    gatewayBack(): void {
      backAt = performance.now()
    },
    async end(): Promise<Omit<FleetResult, 'firstMs' | 'againMs'>> {
      leaving.abort()
      await running
      const connected = [...states.values()].filter(state => state === 'connected').length
      return { calls, longestMs: Math.round(longestMs), errors, wrongErrors, items, changes, connected }
    },
  }
}

function pemOf({ certificatePem, keyPem }: Certificate): { certificatePem: string; keyPem: string } {
  return { certificatePem, keyPem }
}
