/** The calls that wait for a connection to an agent, as they are at one moment. */
export interface WaitingCalls {
  /** Their activity ids, the next one first. */
  readonly calls: readonly string[]
  /** Connections that take no call: a request is on each of them. */
  readonly busy: number
  /** Of a polling agent: connections that wait for a request. They show another certificate where a call waits all the same. */
  readonly idle: number
  /** So many connections there may be; `undefined`: as many as the agent opens. */
  readonly limit: number | undefined
}

/** Where nobody waits. */
export const nobodyWaits: WaitingCalls = { calls: [], busy: 0, idle: 0, limit: undefined }

/** The activity id in the id of a request (spec §6.1). */
export function activityOf(requestId: string): string {
  return requestId.slice(requestId.lastIndexOf(' ') + 1)
}
