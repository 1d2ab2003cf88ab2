import { dataStream, int64, method, service, string } from '@halibut-gateway/schemas/contract'

/** What the process of {@link file://./stream-agent.ts} hosts. */
export const streamService = service('IStreamService', {
  /** SHA-256 of the content, in hex. */
  Digest: method([['content', dataStream]], string),
  /** So many bytes of {@link generate}. */
  Generate: method([['length', int64]], dataStream),
  /** The most resident memory since the last question, in bytes; asking starts anew. */
  PeakMemory: method([], int64),
})
