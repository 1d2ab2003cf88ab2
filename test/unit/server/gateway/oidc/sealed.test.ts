import { expect, test } from 'vitest'
import { Sealer } from '../../../../../server/src/gateway/oidc/sealed.ts'

const value = { verifier: 'secret', untilMs: 1 }

test('what was sealed opens for its use, in its process, and as it was', async () => {
  const sealer = new Sealer()
  const sealed = await sealer.seal(value, 'state')
  const parts = sealed.split('.')
  expect(parts.map(part => Buffer.from(part, 'base64url').toString()).join()).not.toContain('secret')
  expect(await sealer.open(sealed, 'state')).toMatchObject(value)
  expect(await sealer.open(sealed, 'another')).toBeUndefined()
  expect(await new Sealer().open(sealed, 'state')).toBeUndefined()
})

test('what was changed or cut opens for nothing', async () => {
  const sealer = new Sealer()
  const sealed = await sealer.seal(value, 'state')
  const parts = sealed.split('.')
  const changed = parts.flatMap((part, at) => {
    const bytes = Buffer.from(part, 'base64url')
    return [...bytes].map((_, i) => {
      const others = Buffer.from(bytes)
      others[i] = (others[i] ?? 0) ^ 1
      return parts.with(at, others.toString('base64url')).join('.')
    })
  })
  const cut = Array.from({ length: sealed.length }, (_, length) => sealed.slice(0, length))
  expect(changed.length).toBeGreaterThan(100)
  for (const text of [...changed, ...cut]) expect(await sealer.open(text, 'state')).toBeUndefined()
  // Sealed by whoever, and not by this process: without a key, or signed and not sealed.
  const [header = ''] = parts
  for (const text of ['', '....', `${header}....`, `${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.`])
    expect(await sealer.open(text, 'state')).toBeUndefined()
})
