import { type ClientOptions, createClient } from '@halibut-gateway/client'
import { createTestGateway } from '@halibut-gateway/client/testing'
import { expect, test } from 'vitest'
import { createSession } from '../../../../server/inspector/src/state/session.ts'

/** A tab, and a gateway that lets in whoever comes: with a token, or, as one that has a provider may, without. */
function createWorld({ hasProvider = false, kept = {} as Record<string, string> } = {}) {
  const storage = new Map(Object.entries(kept))
  const asked: string[] = []
  const gateway = createTestGateway()
  const session = createSession({
    url: 'http://gateway.example/gw/',
    storage: {
      getItem: key => storage.get(key) ?? null,
      setItem: (key, value) => void storage.set(key, value),
      removeItem: key => void storage.delete(key),
    },
    create: (options: ClientOptions) => createClient({ ...options, webSocket: gateway.webSocket, tickets: false }),
    fetch: async (address, { method = 'GET', headers = {} } = {}) => {
      const path = String(address).replace('http://gateway.example/gw/', '')
      asked.push([method, path, ...Object.values(headers as Record<string, string>)].join(' '))
      const signIn = { name: 'Example', signIn: 'oidc/sign-in', signOut: 'oidc/sign-out' }
      return Response.json({ name: 'halibut-gateway', version: '1', ...(hasProvider ? { signIn } : {}) })
    },
  })
  return { session, storage, asked, connect: () => session.client.value?.agents().catch(() => undefined) }
}

test('the token that a tab has kept signs in, and to sign out forgets it', async () => {
  const it = createWorld({ kept: { 'halibut-gateway.token': 'hgw_right' } })
  await it.connect()
  expect(it.session.connection.value.at).toBe('connected')
  it.session.signOut()
  expect([it.session.client.value, [...it.storage], it.session.refusal.value]).toEqual([undefined, [], undefined])
  // That is no sign-in of the provider, which has nothing to end.
  expect(it.asked).toEqual(['GET version'])
})

test('without a token a browser that has signed in with the provider is let in, and signs out there', async () => {
  const it = createWorld({ hasProvider: true })
  await expect.poll(() => it.session.client.value !== undefined).toBe(true)
  await it.connect()
  expect(it.session.connection.value.at).toBe('connected')
  expect([...it.storage.keys()]).toEqual(['halibut-gateway.provider'])
  it.session.signOut()
  expect(it.asked).toEqual(['GET version', 'POST oidc/sign-out'])
  expect(it.storage.size).toBe(0)
})

test('without a provider nothing is tried without a token', async () => {
  const it = createWorld()
  await expect.poll(() => it.asked).toEqual(['GET version'])
  expect([it.session.client.value, it.session.provider.value]).toEqual([undefined, undefined])
})
