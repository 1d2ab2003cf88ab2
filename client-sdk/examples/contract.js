import { dataStream, int64, method, service } from '@halibut-gateway/client/contract'

/** What the agents of the examples offer. */
export const tools = service('IToolService', {
  Add: method(
    [
      ['a', int64],
      ['b', int64],
    ],
    int64,
  ),
  Count: method([['content', dataStream]], int64),
})
