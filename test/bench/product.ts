// The product as it is published: compiled, not through a loader. The types are those of its sources.
import type * as Access from '../../server/src/access/access.ts'
import type * as Tokens from '../../server/src/access/tokens.ts'
import type * as Audit from '../../server/src/audit/audit.ts'
import type * as Errors from '../../server/src/base/errors.ts'
import type * as Limits from '../../server/src/base/limits.ts'
import type * as MemoryBudget from '../../server/src/base/memory-budget.ts'
import type * as MemoryCharge from '../../server/src/base/memory-charge.ts'
import type * as ContractValues from '../../server/src/codec/contract-values.ts'
import type * as Streams from '../../server/src/codec/data-stream.ts'
import type * as Envelope from '../../server/src/codec/envelope.ts'
import type * as RawDeflate from '../../server/src/codec/raw-deflate.ts'
import type * as DecodeInTurns from '../../server/src/exchange/decode-in-turns.ts'
import type * as Transfer from '../../server/src/exchange/transfer.ts'
import type * as AgentManager from '../../server/src/fleet/agent-manager.ts'
import type * as ContractDirectory from '../../server/src/fleet/contract-directory.ts'
import type * as App from '../../server/src/gateway/app.ts'
import type * as OriginPolicy from '../../server/src/gateway/origin-policy.ts'
import type * as SignIn from '../../server/src/gateway/sign-in.ts'
import type * as Certificates from '../../server/src/runtime/certificates.ts'
import type * as Runtime from '../../server/src/runtime/runtime.ts'
import type * as EmbeddedStore from '../../server/src/store/embedded-store.ts'
import type * as StateFolder from '../../server/src/store/state-folder.ts'
import type * as Metrics from '../../server/src/telemetry/metrics.ts'
import type * as Tracing from '../../server/src/telemetry/tracing.ts'

interface Modules {
  'audit/audit': typeof Audit
  'store/embedded-store': typeof EmbeddedStore
  'store/state-folder': typeof StateFolder
  'telemetry/metrics': typeof Metrics
  'telemetry/tracing': typeof Tracing
  'access/access': typeof Access
  'access/tokens': typeof Tokens
  'base/errors': typeof Errors
  'base/limits': typeof Limits
  'base/memory-budget': typeof MemoryBudget
  'base/memory-charge': typeof MemoryCharge
  'codec/contract-values': typeof ContractValues
  'codec/data-stream': typeof Streams
  'codec/envelope': typeof Envelope
  'codec/raw-deflate': typeof RawDeflate
  'exchange/decode-in-turns': typeof DecodeInTurns
  'exchange/transfer': typeof Transfer
  'fleet/agent-manager': typeof AgentManager
  'fleet/contract-directory': typeof ContractDirectory
  'gateway/app': typeof App
  'gateway/origin-policy': typeof OriginPolicy
  'gateway/sign-in': typeof SignIn
  'runtime/certificates': typeof Certificates
  'runtime/runtime': typeof Runtime
}

/** A compiled module of the server. Throws where it has not been built. */
export async function product<K extends keyof Modules>(module: K): Promise<Modules[K]> {
  return (await import(new URL(`../../server/dist/${module}.js`, import.meta.url).href)) as Modules[K]
}
