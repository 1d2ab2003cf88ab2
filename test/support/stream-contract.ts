import { dataStream, dateTimeOffset, int64, list, method, object, service, string } from '@halibut-gateway/schemas/contract'

/** What the process of {@link file://./stream-agent.ts} hosts. */
export const streamService = service('IStreamService', {
  /** SHA-256 of the content, in hex. */
  Digest: method([['content', dataStream]], string),
  /** So many bytes of {@link generate}. */
  Generate: method([['length', int64]], dataStream),
  /** A log of so many entries with so many characters each: a large result without a data stream. */
  Log: method(
    [
      ['entries', int64],
      ['chars', int64],
    ],
    object('Streams.Log, Streams', {
      Entries: list(object('Streams.Entry, Streams', { Source: string, Occurred: dateTimeOffset, Text: string })),
      Next: int64,
    }),
  ),
  /** The most resident memory since the last question, in bytes; asking starts anew. */
  PeakMemory: method([], int64),
})
