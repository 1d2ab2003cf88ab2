// What an operator has a gateway do beside calls: rules, an audit log on the disk, metrics, and spans for an SDK.

import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  NodeTracerProvider,
  ParentBasedSampler,
  SimpleSpanProcessor,
  type SpanExporter,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-node'
import type { GatewayOptions } from '../../server/src/gateway/app.ts'
import { product } from './product.ts'

const { Access } = await product('access/access')
const { Audit } = await product('audit/audit')
const { openEmbeddedStore } = await product('store/embedded-store')
const { openStateFolder } = await product('store/state-folder')
const { Metrics } = await product('telemetry/metrics')
const { createRequestTracer } = await product('telemetry/tracing')

/** With the one that counts as many as there may be. */
const ruleCount = 999
/** As operators have it who trace every call somewhere and keep some: one of so many is recorded. */
const recordedOneOf = 10

/** Takes spans and does nothing with them: where they go is not the gateway’s. */
const nowhere: SpanExporter = { export: (_spans, done) => done({ code: 0 }), shutdown: async () => undefined }

/** The options of a gateway that does all of it. What it writes is gone with the process. */
export async function operated(who: string): Promise<Pick<GatewayOptions, 'access' | 'audit' | 'metrics' | 'tracer'>> {
  const folder = await mkdtemp(join(tmpdir(), 'halibut-bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const store = await openEmbeddedStore(await openStateFolder(folder))
  const access = new Access()
  // Only the last one allows it.
  const rules = Array.from({ length: ruleCount }, (_, i) => ({ name: `rule ${i}`, who: [`${who}-${i}*`], agents: [`bench-${i}*`] }))
  await access.change({ rules: [...rules, { name: 'the bench', who: [who], agents: ['bench'], services: ['IBench*'] }] })
  const audit = new Audit(store, () => {
    throw new Error('nothing is signed here')
  })
  const provider = new NodeTracerProvider({
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(1 / recordedOneOf) }),
    spanProcessors: [new SimpleSpanProcessor(nowhere)],
  })
  // As `METRICS.md` tells operators.
  provider.register({ contextManager: null })
  const tracer = createRequestTracer('0.0.0')
  if (!tracer) throw new Error('the SDK is not there')
  return { access, audit, metrics: new Metrics('0.0.0'), tracer }
}
