// How a service is described, so that a service needs one import.
export * from '@halibut-gateway/schemas/contract'
export type { ErrorJson } from './base/error-json.ts'
export { HalibutError, type PresentedCertificate } from './base/errors.ts'
export { defaultLimits, type Limits } from './base/limits.ts'
// What the demo, which is compiled apart, is for the command line.
export type { SampleAgentModule } from './cli/sample-agent.ts'
export { DataStream, type PiecedContent, type SizedContent } from './codec/data-stream.ts'
export type { SubscriberCandidate, UnauthorisedAnswer, UnauthorisedCaller } from './runtime/acceptor.ts'
export type { AgentConnection } from './runtime/agent-connection.ts'
export type { CallTimes } from './runtime/call-deadline.ts'
export {
  type Certificate,
  certificateFromEncryptedPem,
  certificateFromPem,
  certificateFromPfx,
  createSelfSignedCertificate,
  type LoadOptions,
  loadCertificateFile,
  type SaveOptions,
  type SelfSignedOptions,
  saveCertificateFile,
  toPem,
  toPfx,
} from './runtime/certificates.ts'
export type { DialledAgent } from './runtime/connections.ts'
export type { Endpoint, EndpointInput, ProxySettings } from './runtime/endpoint.ts'
export { type LogEvent, type LogEventType, severityOf } from './runtime/event-log.ts'
export type { RuntimeEvents, SubscriberEvent } from './runtime/events.ts'
export { classifyError, isRetryable } from './runtime/network-errors.ts'
export type { CallRequest, DiscoverOptions, PollOptions, ProbeOptions, RuntimeOptions } from './runtime/options.ts'
export type { Polling } from './runtime/pollings.ts'
export type { ListenOptions, RuntimeListener } from './runtime/ports.ts'
export type { ProbeAnswer } from './runtime/probe.ts'
export { type CloseOptions, HalibutRuntime } from './runtime/runtime.ts'
export type { CallContext, ServiceFactory, ServiceOptions } from './runtime/service-host.ts'
export type { WaitingCalls } from './runtime/waiting-calls.ts'
export { Destinations } from './socket/destinations.ts'
