import { anything, list, member, method, object, service, string, uri } from '@halibut-gateway/schemas/contract'
import { contractJson, type ParamError } from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { UnfitValueError } from '../../../../server/src/base/unfit-value.ts'
import { unfitArgument } from '../../../../server/src/rpc/unfit-argument.ts'

const account = object('T.Account, T', { Name: string, Address: member(uri, { secret: true }) })
const json = contractJson(
  service('IUnfitService', {
    Open: method([['address', uri]]),
    SignIn: method([['address', member(uri, { secret: true })]]),
    SignInAs: method([['accounts', list(account)]]),
    Take: method([['whatever', anything]]),
  }),
)

/** What is told of a text that has no form on the wire. */
function told(name: string, args: unknown[], place: string[]): readonly ParamError[] {
  const error = new HalibutError('serialization_failed', 'expected a URI, with a host that .NET takes, got "https://[hunter2"')
  const [node] = json.find(name)
  if (!node) throw new Error(`there is no ${name}`)
  const { message, errors } = unfitArgument(new UnfitValueError(error, place, place.join('/')), name, args, args, { json, method: node })
  expect(message).toContain('expected a URI, with a host that .NET takes')
  if (name !== 'Open') expect(message).not.toContain('hunter2')
  return errors
}

test('an argument that cannot be sent is quoted, unless something in it is marked as secret', () => {
  const expected = 'a URI, with a host that .NET takes'
  expect(told('Open', ['https://[hunter2'], ['params', '0'])).toEqual([{ path: '/args/0', expected, got: '"https://[hunter2"' }])
  expect(told('SignIn', ['https://[hunter2'], ['params', '0'])).toEqual([{ path: '/args/0', expected, got: 'a string' }])
  const accounts = [[{ Name: 'Ada', Address: 'https://[hunter2' }]]
  const typed = [{ $type: 'Account', $value: { Name: 'Ada', Address: 'https://[hunter2' } }]
  expect(told('Take', typed, ['params', '0', '$value', 'Address'])).toEqual([{ path: '/args/0/$value/Address', expected, got: 'a string' }])
  expect(told('SignInAs', accounts, ['params', '0', '0', 'Address'])).toEqual([{ path: '/args/0/0/Address', expected, got: 'a string' }])
})
