import { int64, method, service } from '@halibut-gateway/client/contract'

/** What the example calls of the service that the agents of `npm start` host. */
export const calculator = service('ICalculatorService', {
  Add: method(
    [
      ['a', int64],
      ['b', int64],
    ],
    int64,
  ),
})
