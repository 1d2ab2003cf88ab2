import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node'
import { expect, test } from 'vitest'
import { createLog } from '../../server/src/telemetry/log.ts'
import { createRequestTracer } from '../../server/src/telemetry/tracing.ts'
import { type CollectedSpans, collectSpans, endOf, startOf } from '../support/collected-spans.ts'
import { flowService, hostFlowService } from '../support/flow-service.ts'
import { createRealGateway } from '../support/real-gateway.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const parentId = '00f067aa0ba902b7'
const traceparent = `00-${traceId}-${parentId}-01`

/** A gateway that is traced, with an agent, its log, and a client whose hook continues a trace. */
async function createTraced(collected: CollectedSpans, mode: 'listening' | 'polling') {
  const lines: Record<string, unknown>[] = []
  const log = createLog({ write: line => lines.push(JSON.parse(line) as Record<string, unknown>), format: 'json', level: 'debug' })
  const gateway = await createRealGateway({
    host: agent => hostFlowService(agent, () => undefined),
    contracts: [flowService],
    mode,
    gateway: { tracer: collected.tracer, log },
  })
  const client = gateway.client({
    hooks: {
      onRequest: request => {
        request.traceparent = traceparent
      },
    },
  })
  const rest = (headers: Record<string, string>) =>
    fetch(`${gateway.origin}/api/v1/agents/web-1/calls`, {
      method: 'POST',
      headers: { authorization: `Bearer ${gateway.token}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ service: 'IFlowService', method: 'Add', args: ['1', '2'] }),
    })
  return { gateway, client, lines, rest, [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose]() }
}

const named = (spans: readonly ReadableSpan[], name: string): ReadableSpan[] => spans.filter(span => span.name === name)
const activityOf = (span: ReadableSpan | undefined) => span?.attributes['halibut.activity_id']

test.each(['listening', 'polling'] as const)(
  'a browser’s call to a %s agent is the request, the wait and the agent’s part, in its own trace',
  async mode => {
    await using collected = collectSpans()
    await using world = await createTraced(collected, mode)
    const { activityId } = await world.client.agent('web-1').invoke('IFlowService', 'Add', ['1', '2'])
    const spans = collected.spans()
    const [request, wait, call] = ['agent.invoke', 'wait for a connection', 'IFlowService/Add'].map(name => named(spans, name)[0])
    if (!request || !wait || !call) throw new Error(`there are only ${spans.map(({ name }) => name).join(', ')}`)
    expect([request, wait, call].map(span => span.spanContext().traceId)).toEqual([traceId, traceId, traceId])
    expect(request.parentSpanContext).toMatchObject({ spanId: parentId, isRemote: true })
    const { spanId } = request.spanContext()
    expect([wait.parentSpanContext?.spanId, call.parentSpanContext?.spanId]).toEqual([spanId, spanId])
    expect([request.kind, wait.kind, call.kind]).toEqual([SpanKind.SERVER, SpanKind.INTERNAL, SpanKind.CLIENT])
    expect(request.attributes).toMatchObject({ 'rpc.system': 'halibut_gateway', 'rpc.method': 'agent.invoke' })
    expect(call.attributes).toEqual({
      'rpc.system': 'halibut',
      'rpc.service': 'IFlowService',
      'rpc.method': 'Add',
      'halibut.agent': 'web-1',
      'halibut.agent_mode': mode,
      'halibut.activity_id': activityId,
    })
    expect([activityOf(request), activityOf(wait)]).toEqual([activityOf(call), activityOf(call)])
    // One after the other, and all of it within the request.
    expect(startOf(wait)).toBe(startOf(request))
    expect(startOf(call)).toBeGreaterThanOrEqual(endOf(wait) - 0.01)
    expect(endOf(request)).toBeGreaterThanOrEqual(endOf(call) - 0.01)
    expect([request, wait, call].map(({ status }) => status.code)).toEqual([0, 0, 0])
    expect(world.lines.filter(({ msg }) => msg === 'call answered')).toEqual([
      expect.objectContaining({ trace_id: traceId, 'halibut.activity_id': activityOf(call), agent: 'web-1', level: 'debug' }),
    ])
  },
)

test('two calls of one trace have two activity ids, and a call that fails says so on its spans and its line of the log', async () => {
  await using collected = collectSpans()
  await using world = await createTraced(collected, 'listening')
  const flow = world.client.agent('web-1').service(flowService)
  await flow.Add(1n, 2n)
  await flow.Add(3n, 4n)
  await expect(flow.Fail('of somebody')).rejects.toThrow()
  const spans = collected.spans()
  const ids = ['IFlowService/Add', 'IFlowService/Fail'].flatMap(name => named(spans, name)).map(activityOf)
  expect(new Set(ids).size).toBe(3)
  const failed = spans.filter(span => span.attributes['error.type'] === 'service_failed')
  expect(failed.map(({ name }) => name).sort()).toEqual(['IFlowService/Fail', 'agent.invoke'])
  // What the agent said is for its caller.
  expect(failed.map(({ status }) => status)).toEqual([{ code: SpanStatusCode.ERROR }, { code: SpanStatusCode.ERROR }])
  expect(world.lines.filter(({ msg }) => msg === 'call failed')).toEqual([
    expect.objectContaining({ kind: 'service_failed', trace_id: traceId, 'halibut.activity_id': ids[2] }),
  ])
})

test('over HTTP a call continues the trace of its headers, or that of the span which it is made within', async () => {
  await using collected = collectSpans()
  await using world = await createTraced(collected, 'listening')
  expect((await world.rest({ traceparent, tracestate: 'vendor=1' })).status).toBe(200)
  const [request] = named(collected.spans(), 'agent.invoke')
  expect(request?.spanContext()).toMatchObject({ traceId })
  expect(request?.parentSpanContext?.traceState?.serialize()).toBe('vendor=1')
  // What makes spans of HTTP requests runs them within its own.
  const outer = trace.getTracer('http').startSpan('POST')
  const request2 = { traceparent, isHttp: true, receivedMs: performance.now() }
  context.with(trace.setSpan(context.active(), outer), () => collected.tracer.begin('agents.list', request2).end())
  outer.end()
  const [list] = named(collected.spans(), 'agents.list')
  expect(list?.parentSpanContext?.spanId).toBe(outer.spanContext().spanId)
})

test('a trace that its caller does not record is not recorded here, and is known by its id all the same', async () => {
  await using collected = collectSpans()
  await using world = await createTraced(collected, 'listening')
  const answer = await world.rest({ traceparent: `00-${traceId}-${parentId}-00` })
  expect(answer.status).toBe(200)
  expect(collected.spans()).toEqual([])
  expect(world.lines.find(({ msg }) => msg === 'call answered')).toMatchObject({ trace_id: traceId })
})

test('what belongs to no trace begins one, whose id an error tells', async () => {
  await using collected = collectSpans()
  await using world = await createTraced(collected, 'listening')
  const response = await fetch(`${world.gateway.origin}/api/v1/agents/nobody`, {
    headers: { authorization: `Bearer ${world.gateway.token}` },
  })
  const problem = (await response.json()) as { traceId: string }
  const [span] = named(collected.spans(), 'agents.get')
  expect(span?.parentSpanContext).toBeUndefined()
  expect(span?.spanContext().traceId).toBe(problem.traceId)
  expect(span?.attributes).toMatchObject({ 'error.type': 'agent_not_found' })
})

test('without an SDK there is no tracer', () => {
  expect(createRequestTracer('1.2.3')).toBeUndefined()
})

test('an SDK that an operator brings with --import gets the spans of a gateway’s process', { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'halibut-traced-'))
  const sdk = new URL('../support/span-printer.ts', import.meta.url).href
  const program = fileURLToPath(new URL('../support/command.ts', import.meta.url))
  const flags = ['--conditions=@halibut-gateway/source', '--import', 'tsx', '--import', sdk]
  const settings = ['serve', '--port', '0', '--agent-port', '0', '--state-folder', folder, '--json', '--log-level', 'error']
  const child = spawn(process.execPath, [...flags, program, ...settings], { stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = once(child, 'exit')
  try {
    for await (const line of createInterface(child.stdout)) {
      const told = JSON.parse(line) as { address?: string; span?: string; traceId?: string }
      if (told.address !== undefined) {
        const [url = '', token = ''] = told.address.split('#token=')
        await fetch(`${url}api/v1/agents`, { headers: { authorization: `Bearer ${token}`, traceparent } })
      }
      if (told.span === undefined) continue
      expect(told).toEqual({ span: 'agents.list', traceId, scope: 'halibut-gateway' })
      break
    }
  } finally {
    child.kill('SIGTERM')
    await gone
    await rm(folder, { recursive: true })
  }
})
