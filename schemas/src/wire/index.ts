export { base64urlToBytes, bytesToBase64url, isBase64url } from './base64url.ts'
export { type CloseReason, closeCodes, closeMeanings } from './close-codes.ts'
export {
  type ContractJson,
  contractJson,
  describeGot,
  escapePointer,
  hasStream,
  type PutOff,
  type StreamReader,
  type StreamWriter,
} from './contract-json.ts'
export {
  adviceFor,
  type Delivery,
  type ErrorEntry,
  type ErrorKind,
  errorTable,
  isErrorKind,
  type Phase,
  type RemoteError,
} from './errors.ts'
export { downloadFrameBytes, type FrameHeader, frameHeaderBytes, readFrameHeader, uploadFrameBytes, writeFrameHeader } from './frames.ts'
export { readTagged, scalarJson } from './json-scalars.ts'
export { takesCount, wantedByMarks } from './marks.ts'
export {
  type CallPhase,
  controlNotifications,
  type ErrorData,
  isStreamHandle,
  type LargeResult,
  largeResult,
  maxParamErrors,
  type ParamError,
  type RequestId,
  type RequestMessage,
  type ResponseMessage,
  type RpcError,
  type StreamCredit,
  type StreamHandle,
  type StreamPosition,
  traceparentPattern,
  uncountedNotifications,
} from './messages.ts'
export type {
  AgentEvent,
  AgentSnapshot,
  AgentStateName,
  CallEvent,
  CallOutcome,
  CallSnapshot,
  InspectEvent,
  InvokeParams,
  InvokeResult,
  MethodName,
  MethodParams,
  MethodResult,
  Methods,
  RuleChange,
  RulesDocument,
  WatchItem,
  WatchName,
} from './method-types.ts'
export { type Attempt, argumentDistance, chooseOverload, type Overload, readArguments, tryArguments, writeArguments } from './overloads.ts'
export {
  type FacadeLimits,
  facadeLimits,
  itemCredit,
  openRpcPath,
  rpcPath,
  sharedWindowBytes,
  streamCreditBytes,
  streams,
  streamWindowBytes,
  subprotocol,
  ticketsPath,
} from './protocol.ts'
export { hasRight, isRole, type Right, type RightEntry, type Role, rightTable, roles } from './rights.ts'
