import { createHash } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import { isSame, type Principal } from '../../../../server/src/access/principal.ts'
import { Tokens } from '../../../../server/src/access/tokens.ts'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { gatewayLimits } from '../../../../server/src/base/limits.ts'
import type { TokenRecord } from '../../../../server/src/store/records.ts'
import { createInstantStore, type InstantStore } from '../../../support/instant-store.ts'

const start = Date.parse('2030-01-01T00:00:00Z')

/** Tokens with a clock that a test moves. */
function create(store: InstantStore = createInstantStore()) {
  const clock = { ms: start }
  const log = vi.fn()
  const tokens = new Tokens({ store, log, now: () => clock.ms })
  const ended: Principal[] = []
  tokens.onEnded(principal => ended.push(principal))
  const make = (members: Partial<Parameters<Tokens['create']>[0]> = {}) =>
    tokens.create({ name: 'ci', role: 'operator', createdBy: 'start', ...members })
  return { clock, ended, log, make, store, tokens, [Symbol.dispose]: () => tokens.close() }
}

test('a token signs in as what it was made for, also after a restart', async () => {
  using world = create()
  const { secret: token, record } = await world.make()
  expect(token).toMatch(/^hgw_[0-9a-f]{16}_[A-Za-z0-9_-]{43}$/)
  const principal = { id: `token ${record.id}`, name: 'ci', role: 'operator' }
  expect(world.tokens.authenticate(token)).toEqual(principal)
  using again = create(world.store)
  expect(again.tokens.authenticate(token)).toEqual(principal)
  expect(again.tokens.list()).toMatchObject([{ id: record.id, name: 'ci', createdBy: 'start' }])
})

test('one token has one principal, however often it is used', async () => {
  using world = create()
  const { secret: token } = await world.make()
  expect(world.tokens.authenticate(token)).toBe(world.tokens.authenticate(token))
})

test('the secret is kept nowhere but as its digest', async () => {
  using world = create()
  const { secret: token, record } = await world.make()
  const [, , secret = ''] = /^hgw_([0-9a-f]+)_(.*)$/.exec(token) ?? []
  expect(Buffer.from(secret, 'base64url').length).toBe(32)
  expect(JSON.stringify([...world.store.tokens.all(), record, world.tokens.list()])).not.toContain(secret)
  expect(record.secretHash).toBe(createHash('sha256').update(secret).digest('hex'))
})

test('what is no token of ours signs nobody in', async () => {
  using world = create()
  const { secret: token } = await world.make()
  const other = await world.make({ name: 'other' })
  const mixed = `${token.slice(0, 21)}${other.secret.slice(21)}`
  const changed = `${token.slice(0, -2)}${token.at(-2) === 'A' ? 'B' : 'A'}${token.at(-1)}`
  for (const wrong of [
    '',
    'hgw_',
    token.slice(0, -1),
    `${token}A`,
    token.toUpperCase(),
    mixed,
    changed,
    `hgw_${'0'.repeat(16)}_${token.slice(21)}`,
  ])
    expect([wrong, world.tokens.authenticate(wrong)]).toEqual([wrong, undefined])
})

test('a revoked token is worth nothing from then on, and whoever waits for that is told once', async () => {
  using world = create()
  const { secret: token, record } = await world.make()
  const principal = world.tokens.authenticate(token)
  await world.tokens.revoke(record.id)
  await world.tokens.revoke(record.id)
  expect(world.tokens.authenticate(token)).toBeUndefined()
  expect(world.ended).toEqual([principal])
  expect(world.ended[0]).toBe(principal)
  using again = create(world.store)
  expect(again.tokens.authenticate(token)).toBeUndefined()
  await expect(world.tokens.revoke('0'.repeat(16))).rejects.toMatchObject({ kind: 'not_found' })
})

test('a token that cannot be revoked for good is worth nothing all the same, and can be revoked again', async () => {
  using world = create()
  const { secret: token, record } = await world.make()
  world.store.failure = new HalibutError('internal_error', 'the disk is full')
  await expect(world.tokens.revoke(record.id)).rejects.toThrow('the disk is full')
  expect([world.tokens.authenticate(token), world.ended.length]).toEqual([undefined, 1])
  world.store.failure = undefined
  expect(await world.tokens.revoke(record.id)).toMatchObject({ revokedMs: start })
})

test('a use that is written down while a token is revoked does not bring it back', async () => {
  using world = create()
  const { secret: token, record } = await world.make()
  const revoking = world.tokens.revoke(record.id)
  world.tokens.authenticate(token)
  await revoking
  using again = create(world.store)
  expect(again.tokens.authenticate(token)).toBeUndefined()
})

test('a token that cannot be kept is not there', async () => {
  using world = create()
  world.store.failure = new HalibutError('internal_error', 'the disk is full')
  await expect(world.make()).rejects.toThrow('the disk is full')
  expect(world.tokens.list()).toEqual([])
})

test('a token is over when it expires, and what was opened with it is told so then', async () => {
  vi.useFakeTimers({ now: start, toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  try {
    using world = create()
    // Longer than a timer can wait.
    const { secret: token } = await world.make({ expiresMs: start + 40 * 86_400_000 })
    const soon = await world.make({ name: 'soon', expiresMs: start + 60_000 })
    const pass = (ms: number): void => {
      world.clock.ms += ms
      vi.advanceTimersByTime(ms)
    }
    pass(59_999)
    expect([world.ended.length, world.tokens.authenticate(soon.secret)?.name]).toEqual([0, 'soon'])
    pass(1)
    expect([world.ended.map(each => each.name), world.tokens.authenticate(soon.secret)]).toEqual([['soon'], undefined])
    pass(30 * 86_400_000)
    expect(world.tokens.authenticate(token)?.name).toBe('ci')
    pass(10 * 86_400_000)
    expect([world.ended.map(each => each.name), world.tokens.authenticate(token)]).toEqual([['soon', 'ci'], undefined])
    await expect(world.make({ name: 'late', expiresMs: world.clock.ms })).rejects.toThrow('expires is in the past')
  } finally {
    vi.useRealTimers()
  }
})

test('no two sign-ins have one name, until one of them is over', async () => {
  using world = create()
  const { record } = await world.make()
  await expect(world.make()).rejects.toThrow('name "ci" is the name of another sign-in')
  for (const name of ['start', 'local', 'gateway']) await expect(world.make({ name })).rejects.toThrow('another sign-in')
  await world.tokens.revoke(record.id)
  await world.make()
})

test('its last use is known at once, and written down once in a while', async () => {
  using world = create()
  const { secret: token } = await world.make()
  const written = (): number => world.store.changes
  const before = written()
  for (let i = 0; i < 1_000; i++) world.tokens.authenticate(token)
  expect(written() - before).toBe(1)
  world.clock.ms += gatewayLimits.tokenUseMs - 1
  world.tokens.authenticate(token)
  expect([written() - before, world.tokens.list()[0]?.lastUsedMs]).toEqual([1, world.clock.ms])
  world.clock.ms += 1
  world.tokens.authenticate(token)
  expect(written() - before).toBe(2)
})

test('a use that cannot be written down keeps nobody out', async () => {
  using world = create()
  const { secret: token } = await world.make()
  world.store.failure = new HalibutError('internal_error', 'the disk is full')
  expect(world.tokens.authenticate(token)?.name).toBe('ci')
  await vi.waitFor(() => expect(world.log).toHaveBeenCalledWith('warn', 'the use of the token ci could not be kept', expect.anything()))
})

test('a token may be for less than its role', async () => {
  using world = create()
  const { secret: token } = await world.make({ scope: [{ agents: ['web-*'] }] })
  const scope = world.tokens.authenticate(token)?.scope
  expect([scope?.find({ agent: { id: 'web-1' } }), scope?.find({ agent: { id: 'db-1' } })]).toEqual([0, undefined])
  await expect(world.make({ name: 'boss', role: 'admin', scope: [{ agents: ['*'] }] })).rejects.toThrow(
    'scope does not go with the role admin',
  )
})

test('a kept token of a role that is not known is worth nothing', async () => {
  using world = create()
  const { secret: token, record } = await world.make()
  const strange: TokenRecord = { ...record, role: 'emperor' }
  using again = create(createInstantStore({ tokens: [strange] }))
  expect(again.tokens.authenticate(token)).toBeUndefined()
})

test('what has been over for long is forgotten when another one is made', async () => {
  using world = create()
  const { record } = await world.make()
  const short = await world.make({ name: 'short', expiresMs: start + 1_000 })
  await world.tokens.revoke(record.id)
  world.clock.ms += gatewayLimits.endedTokenMs + 1
  await world.make({ name: 'then' })
  expect(world.tokens.list().map(({ name }) => name)).toEqual(['short', 'then'])
  expect(world.tokens.stateOf(short.record)).toBe('expired')
  world.clock.ms += 1_000
  await world.make({ name: 'later' })
  expect(world.store.tokens.all().map(({ name }) => name)).toEqual(['then', 'later'])
})

test('there are so many tokens at most, of those that are worth something', async () => {
  const records = Array.from({ length: gatewayLimits.tokens }, (_, i): TokenRecord => {
    const id = i.toString(16).padStart(16, '0')
    return { id, name: `n${i}`, secretHash: '00'.repeat(32), role: 'viewer', createdMs: start }
  })
  using world = create(createInstantStore({ tokens: records }))
  await expect(world.make()).rejects.toMatchObject({ kind: 'too_many_calls' })
  await world.tokens.revoke('0'.repeat(16))
  await world.make()
})

test('a token is over at its time also where no timer has told so yet', async () => {
  using world = create()
  const { secret: token, record } = await world.make({ expiresMs: start + 1_000 })
  expect(world.tokens.authenticate(token)?.name).toBe('ci')
  world.clock.ms += 1_000
  expect([world.tokens.authenticate(token), world.tokens.stateOf(record)]).toEqual([undefined, 'expired'])
})

test('a token that gets the name of one that is over is somebody else', async () => {
  using world = create()
  const { secret, record } = await world.make()
  const before = world.tokens.authenticate(secret)
  await world.tokens.revoke(record.id)
  const after = world.tokens.authenticate((await world.make()).secret)
  expect([before?.name, after?.name, before && after && isSame(before, after)]).toEqual(['ci', 'ci', false])
})
