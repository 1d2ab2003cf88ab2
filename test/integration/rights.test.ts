import { type MethodName, methods } from '@halibut-gateway/schemas'
import { type Right, type Role, roles } from '@halibut-gateway/schemas/wire'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createGatewayWorld, type GatewayWorld, type TestSocket } from '../support/gateway.ts'
import { ask } from '../support/rest.ts'

// The matrix: every method for every role, over a WebSocket and, where it is there, over HTTP. Who may do what is written down here once more, so that a change of the table is noticed.

const viewer: readonly Right[] = ['none', 'agents.read', 'calls.read', 'contracts.read']
const operator: readonly Right[] = [...viewer, 'agents.call', 'trust.read']
const admin: readonly Right[] = [
  ...operator,
  'agents.write',
  'contracts.write',
  'trust.write',
  'rules.read',
  'rules.write',
  'tokens.read',
  'tokens.write',
  'audit.read',
  'inspect.read',
]
const rightsOf: Readonly<Record<Role, readonly Right[]>> = { viewer, operator, admin }

const cells = (Object.keys(methods) as MethodName[]).flatMap(method =>
  roles.map(role => [method, role, rightsOf[role].includes(methods[method].right)] as const),
)

let world: GatewayWorld
const sockets = new Map<Role, TestSocket>()
beforeAll(async () => {
  world = await createGatewayWorld()
  // Whoever can sign in can say hello: the one method that only opens a session.
  for (const role of roles) sockets.set(role, await world.open(role))
})
afterAll(() => world[Symbol.asyncDispose]())

test('no cell of the matrix is missing', () => {
  expect(cells.length).toBe(Object.keys(methods).length * 3)
})

test.each(cells.filter(([method]) => methods[method].http !== undefined))(
  'over HTTP %s for the role %s: %s',
  async (method, role, allowed) => {
    const [verb = '', path = ''] = (methods[method].http ?? '').split(' ')
    // Where nothing but the right is wrong, whoever has it gets further; a body that nobody may send is not read.
    const asked = await ask(
      { ...world, token: role },
      `${verb} ${path.replaceAll(/\{\w+\}/g, '-')}`,
      verb === 'GET' || verb === 'DELETE' ? undefined : '{',
    )
    const kind = (asked.body as { kind?: string }).kind
    expect(kind === 'forbidden').toBe(!allowed)
  },
)

test.each(cells)('%s for the role %s: %s', async (method, role, allowed) => {
  // No method takes these parameters, so that none runs; whoever may not call it is not told so.
  const answer = await sockets.get(role)?.ask(`${role} ${method}`, method, { '': 0 })
  const refused = method === 'hello' ? 'invalid_request' : 'invalid_params'
  expect(answer).toMatchObject({ error: { data: { kind: allowed ? refused : 'forbidden', delivery: 'not_sent' } } })
})
