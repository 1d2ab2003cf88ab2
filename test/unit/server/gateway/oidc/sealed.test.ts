import { expect, test } from 'vitest'
import { Sealer } from '../../../../../server/src/gateway/oidc/sealed.ts'

test('what was sealed opens for its use, in its process, and as it was', () => {
  const sealer = new Sealer()
  const value = { verifier: 'secret', untilMs: 1 }
  const sealed = sealer.seal(value, 'state')
  expect(sealed).not.toContain('secret')
  expect(sealer.open(sealed, 'state')).toEqual(value)
  expect(sealer.open(sealed, 'another')).toBeUndefined()
  expect(new Sealer().open(sealed, 'state')).toBeUndefined()
  const bytes = Buffer.from(sealed, 'base64url')
  for (let i = 0; i < bytes.length; i++) {
    const changed = Buffer.from(bytes)
    changed[i] = (changed[i] ?? 0) ^ 1
    expect(sealer.open(changed.toString('base64url'), 'state')).toBeUndefined()
  }
  for (let length = 0; length < bytes.length; length++)
    expect(sealer.open(bytes.subarray(0, length).toString('base64url'), 'state')).toBeUndefined()
})
