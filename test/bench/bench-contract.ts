import { dataStream, int64, method, nothing, service, string } from '@halibut-gateway/schemas/contract'

/** What the agents of the bench offer. */
export const benchContract = service('IBenchService', {
  Echo: method([['text', string]], string),
  Download: method([['bytes', int64]], dataStream),
  Upload: method([['content', dataStream]], int64),
  /** Runs until its connection ends. */
  Hang: method([], nothing),
})
