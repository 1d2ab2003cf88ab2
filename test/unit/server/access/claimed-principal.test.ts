import type { Role } from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { claimedPrincipal } from '../../../../server/src/access/claimed-principal.ts'
import { ownerOf } from '../../../../server/src/access/principal.ts'

const roles = new Map<string, Role>([
  ['CN=ops,OU=x', 'operator'],
  ['admin', 'admin'],
  ['see', 'viewer'],
])
const rules = { nameClaim: 'sub', rolesClaim: 'roles', roles }

test.each([
  [{ roles: ['see', 'CN=ops,OU=x'] }, 'roles', 'operator'],
  [{ roles: 'openid see' }, 'roles', 'viewer'],
  [{ realm_access: { roles: ['admin'] } }, 'realm_access.roles', 'admin'],
  [{ 'https://example.com/roles': ['see'] }, 'https://example.com/roles', 'viewer'],
])('of %j the claim %s is the role %s', (claims, rolesClaim, role) => {
  const id = 'oidc:["https://login.example","ada"]'
  const principal = claimedPrincipal({ iss: 'https://login.example', sub: 'ada', ...claims }, { ...rules, rolesClaim })
  expect(principal).toEqual({ id, name: 'oidc:ada', role })
})

test('who has the same name at another issuer, or as another subject, is somebody else', () => {
  const named = (claims: object): string => {
    const { name, ...principal } = claimedPrincipal({ nick: 'ada', roles: ['see'], ...claims }, { ...rules, nameClaim: 'nick' })
    expect(name).toBe('oidc:ada')
    return ownerOf({ name, ...principal })
  }
  const all = [{ iss: 'a', sub: '1' }, { iss: 'a', sub: '2' }, { iss: 'b', sub: '1' }, { iss: 'a' }, { iss: 'b' }].map(named)
  expect(new Set(all).size).toBe(all.length)
})

test('nothing that the claims merely inherit is one', () => {
  const rolesClaim = 'constructor.name'
  expect(() => claimedPrincipal({ sub: 'ada' }, { ...rules, rolesClaim, roles: new Map([['Object', 'admin']]) })).toThrow(
    'has no role here',
  )
})

test.each([[undefined], [''], [7], ['a\nb'], ['x'.repeat(201)]])('%j is no name', sub => {
  expect(() => claimedPrincipal({ sub, roles: ['admin'] }, rules)).toThrow('the claim sub is not a name')
})

test('what is told of claims is short', () => {
  const many = Array.from({ length: 1_000 }, (_, i) => `${i}${'x'.repeat(1_000)}`)
  let message = ''
  try {
    claimedPrincipal({ sub: 'ada', roles: many }, rules)
  } catch (error) {
    message = (error as Error).message
  }
  expect(message.length).toBeLessThan(1_000)
})
