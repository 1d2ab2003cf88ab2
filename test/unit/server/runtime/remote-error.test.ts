import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { describeForPeer, translateRemoteError } from '../../../../server/src/runtime/remote-error.ts'

const generic = 'Halibut.HalibutClientException'
const invoked = 'System.Reflection.TargetInvocationException: Exception has been thrown by the target of an invocation.'
const where = { endpoint: 'https://agent:10933/' }

interface ClientException {
  readonly type: string
  readonly message: string
}
interface ServerError {
  readonly mode: string
  readonly request: { readonly service: string; readonly method: string }
  readonly error: { readonly message: string; readonly details: string; readonly HalibutErrorType: string | null }
  readonly clientException?: ClientException
}
const vectors = new URL('../../../vectors/', import.meta.url)
const { serverErrors } = JSON.parse(readFileSync(new URL('errors.json', vectors), 'utf8')) as { serverErrors: ServerError[] }

for (const { mode, request, error, clientException } of serverErrors) {
  if (!clientException) continue
  test(`${mode}: the error of ${request.service}.${request.method} is raised as by the reference client`, () => {
    const { message, details, HalibutErrorType } = error
    const raised = translateRemoteError({ message, details, type: HalibutErrorType }, where)
    expect(raised.dotnetType).toBe(clientException.type)
    expect(raised.dotnetMessage).toBe(clientException.message)
    expect(raised.remote).toEqual({ message, details, ...(HalibutErrorType !== null && { type: HalibutErrorType }) })
    expect(raised.endpoint).toBe(where.endpoint)
  })
}

// The group “error translation” of accepts.json: message M, details D, and a HalibutErrorType.
test.each([
  ['ServiceNotFoundHalibutClientException', 'service_not_found', 'not_sent'],
  ['MethodNotFoundHalibutClientException', 'method_not_found', 'not_sent'],
  ['AmbiguousMethodMatchHalibutClientException', 'ambiguous_method', 'not_sent'],
  ['NoMatchingServiceOrMethodHalibutClientException', 'method_not_found', 'not_sent'],
  ['ServiceInvocationHalibutClientException', 'service_failed', 'executed'],
])('the error type %s is %s, %s', (name, kind, delivery) => {
  for (const type of [`Halibut.Exceptions.${name}`, `Halibut.Exceptions.${name}, Halibut, Version=8.0.0.0`]) {
    const raised = translateRemoteError({ message: 'M', details: 'D', type }, where)
    expect(raised).toMatchObject({
      kind,
      delivery,
      dotnetType: `Halibut.Exceptions.${name}`,
      message: 'M',
      dotnetMessage: 'M\n\nServer exception: \nD',
    })
    expect(raised.retryable).toBe(false)
  }
})

test.each([
  ['Connecting', 'not_sent'],
  ['Transferring', 'unknown'],
])('a request cancelled while %s keeps its message alone and is %s', (what, delivery) => {
  const type = `Halibut.Exceptions.${what}RequestCancelledException`
  const raised = translateRemoteError({ message: 'M', details: 'D', type }, where)
  expect(raised).toMatchObject({ kind: 'cancelled', delivery, dotnetType: type, message: 'M' })
  expect(raised.remote).toEqual({ message: 'M', details: 'D', type })
})

test.each([
  ['unknown', 'Halibut.Exceptions.NeverHeardOfException'],
  ['abstract', 'Halibut.Exceptions.RequestCancelledException'],
  ['of the system', 'System.InvalidOperationException'],
  ['generic', generic],
  ['of another assembly', 'Halibut.Exceptions.ServiceNotFoundHalibutClientException, Elsewhere'],
  ['of another letter case', 'halibut.exceptions.servicenotfoundhalibutclientexception'],
  ['inherited by every object', 'constructor'],
  ['absent', null],
  ['empty', ''],
])('R06 an error type that is %s gives the generic error', (_, type) => {
  const raised = translateRemoteError({ message: 'M', details: 'D', type }, where)
  expect(raised).toMatchObject({
    kind: 'remote_error',
    delivery: 'unknown',
    dotnetType: generic,
    message: 'M',
    dotnetMessage: 'M\n\nServer exception: \nD',
  })
  expect(raised.retryable).toBe(false)
})

test('R06 an error type that cannot be made ends the search, as at the reference', () => {
  const type = 'System.InvalidOperationException'
  expect(translateRemoteError({ message: 'Service not found: IFoo', details: invoked, type }, where).kind).toBe('remote_error')
})

test.each([
  ['a service', 'Service not found: IFoo', 'D', 'ServiceNotFoundHalibutClientException'],
  ['a method', 'Service IFoo::Bar not found', 'D', 'MethodNotFoundHalibutClientException'],
  ['an overload', 'M', 'System.Reflection.AmbiguousMatchException: More than one', 'AmbiguousMethodMatchHalibutClientException'],
  ['a throwing method', 'M', `${invoked}\n ---> System.Exception: M`, 'ServiceInvocationHalibutClientException'],
  ['a throwing method of the old framework', 'M', `${invoked} ---> System.Exception: M`, 'ServiceInvocationHalibutClientException'],
])('R05 the texts of old services tell %s', (_, message, details, name) => {
  for (const type of [undefined, null, generic]) {
    expect(translateRemoteError({ message, details, type }, where).dotnetType).toBe(`Halibut.Exceptions.${name}`)
  }
})

describe('a Tentacle', () => {
  const unknown = {
    message: 'Error: IMissingService has not been registered through an IAutofacServiceSource',
    details: 'Octopus.Tentacle.Communications.UnknownServiceNameException: Error: IMissingService has not been registered\n   at …',
    type: null,
  }
  const stopping = {
    message: 'The Tentacle service is shutting down and cannot process this request.',
    details: 'System.Exception: …',
    type: null,
  }

  test('that does not host a service says so, and nothing ran', () => {
    expect(translateRemoteError(unknown, where)).toMatchObject({
      kind: 'service_not_found',
      delivery: 'not_sent',
      dotnetType: generic,
      message: unknown.message,
      remote: { message: unknown.message },
    })
  })

  test('that is shutting down may be called again', () => {
    expect(translateRemoteError(stopping, where)).toMatchObject({
      kind: 'agent_unavailable',
      delivery: 'not_sent',
      retryable: true,
      message: stopping.message,
      dotnetType: generic,
    })
  })

  test.each([
    { ...unknown, details: 'System.Exception: x' },
    { ...unknown, message: 'x' },
    { ...stopping, message: `${stopping.message} x` },
  ])('is not taken for that by half of it: $message', document => {
    expect(translateRemoteError(document, where)).toMatchObject({ kind: 'remote_error', delivery: 'unknown' })
  })

  test.each([unknown, stopping])('is not taken for that where a method threw it: $message', ({ message, details }) => {
    expect(translateRemoteError({ message, details: `${invoked}\n ---> ${details}` }, where)).toMatchObject({
      kind: 'service_failed',
      delivery: 'executed',
    })
  })
})

test('what is missing is empty', () => {
  expect(translateRemoteError({ message: 'M', details: null }, where).dotnetMessage).toBe('M\n\nServer exception: \n')
  expect(translateRemoteError({ message: '', details: null, type: null }, where).dotnetMessage).toBe('\n\nServer exception: \n')
  expect(translateRemoteError({ message: 'M' }, where).remote).toEqual({ message: 'M' })
})

test('an error is described for a peer with .NET’s names, inner errors and the stack', () => {
  const inner = new HalibutError('connection_lost', 'Attempted to read past the end of the stream.', {
    dotnetType: 'System.IO.EndOfStreamException',
  })
  const { message, details, type } = describeForPeer(new HalibutError('protocol_error', 'broken off', { cause: inner }))
  expect(message).toBe('broken off')
  expect(details).toMatch(
    /^Halibut\.Transport\.Protocol\.ProtocolException: broken off\n ---> System\.IO\.EndOfStreamException: Attempted to read past the end of the stream\.\n {3}at /,
  )
  expect(details).toContain('\n   --- End of inner exception stack trace ---\n   at ')
  expect(type).toBeNull()
})

test.each([
  ['service_not_found', undefined, 'Halibut.Exceptions.ServiceNotFoundHalibutClientException'],
  ['cancelled', 'Halibut.Exceptions.TransferringRequestCancelledException', 'Halibut.Exceptions.TransferringRequestCancelledException'],
  ['cancelled', undefined, null],
  ['queue_full', undefined, generic],
  ['io_timeout', undefined, null],
] as const)('the error type of %s (%s) travels as %s', (kind, dotnetType, type) => {
  const described = describeForPeer(new HalibutError(kind, 'm', { dotnetType }))
  expect(described.type).toBe(type)
  if (type !== null) expect(translateRemoteError(described, where).dotnetType).toBe(type)
})
