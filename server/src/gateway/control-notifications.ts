import { clientNotifications } from '@halibut-gateway/schemas'
import type { CancelMode } from '@halibut-gateway/schemas/contract'
import { controlNotifications, type RequestId } from '@halibut-gateway/schemas/wire'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import type { Outbox } from './outbox.ts'
import type { StreamTable } from './streams/stream-table.ts'

const cancelCheck = TypeCompiler.Compile(clientNotifications['$/cancel'])
const pingCheck = TypeCompiler.Compile(clientNotifications['$/ping'])
const ackCheck = TypeCompiler.Compile(clientNotifications['$/ack'])
const itemCreditCheck = TypeCompiler.Compile(clientNotifications['$/progress/credit'])
const streamCreditCheck = TypeCompiler.Compile(clientNotifications['$/stream/credit'])
const streamEndCheck = TypeCompiler.Compile(clientNotifications['$/stream/end'])
const streamCancelCheck = TypeCompiler.Compile(clientNotifications['$/stream/cancel'])

/** What control notifications act upon: a session. */
export interface Controlled {
  readonly outbox: Pick<Outbox, 'acknowledge'>
  readonly streams: Pick<StreamTable, 'credit' | 'ended' | 'cancelled'>
  /** Answers a `$/ping`. */
  pinged(): void
  cancel(id: RequestId, mode: CancelMode | undefined): void
  /** The items of a watch up to this one may be sent. */
  creditItems(id: RequestId, sequence: number): void
}

/** Does what a control notification of a browser says. One that is not known, or does not fit, is ignored. */
export function control(session: Controlled, method: string, params: object | undefined): void {
  if (method === controlNotifications.ping && pingCheck.Check(params ?? {})) session.pinged()
  else if (method === controlNotifications.cancel && cancelCheck.Check(params)) session.cancel(params.id, params.mode)
  else if (method === controlNotifications.ack && ackCheck.Check(params)) session.outbox.acknowledge(params.received)
  else if (method === controlNotifications.progressCredit && itemCreditCheck.Check(params)) session.creditItems(params.id, params.sequence)
  else if (method === controlNotifications.streamCredit && streamCreditCheck.Check(params)) session.streams.credit(params)
  else if (method === controlNotifications.streamEnd && streamEndCheck.Check(params)) session.streams.ended(params)
  else if (method === controlNotifications.streamCancel && streamCancelCheck.Check(params)) session.streams.cancelled(params)
}
