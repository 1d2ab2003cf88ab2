import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { Audit } from '../../../../server/src/audit/audit.ts'
import { hashEntry } from '../../../../server/src/audit/chain.ts'
import { type AuditEntry, parseEntry } from '../../../../server/src/audit/entry.ts'
import { isSignedBy, parseHead, signHead } from '../../../../server/src/audit/signed-head.ts'
import { verifyAudit } from '../../../../server/src/audit/verify.ts'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { gatewayLimits } from '../../../../server/src/base/limits.ts'
import type { AuditRecord } from '../../../../server/src/store/records.ts'
import type { AuditHead } from '../../../../server/src/store/store.ts'
import { testIdentity } from '../../../support/certificates.ts'
import { openMemoryStore } from '../../../support/memory-store.ts'
import { failureOf } from '../../../support/world.ts'

const [ours, theirs] = [testIdentity('gateway'), testIdentity('other')]
const start = Date.UTC(2026, 0, 1)
const entry = (number: number): AuditEntry => ({ who: 'ann', role: 'admin', action: 'agents.add', agent: `a${number}`, outcome: 'done' })

/** A log of so many entries, one a second. */
async function filled(count: number) {
  const clock = { now: start }
  const store = openMemoryStore()
  const audit = new Audit(
    store,
    () => ours,
    () => clock.now,
  )
  for (let number = 1; number <= count; number++) {
    clock.now = start + number * 1_000
    await audit.record(entry(number))
  }
  return { store, audit, clock, entries: [...(await store.audit.read({ limit: count }))] }
}

/** A log that somebody else has had in hands. */
async function* logOf(entries: readonly AuditRecord[]): AsyncGenerator<AuditRecord, void, void> {
  yield* entries
}

/** The chain of other texts, as somebody would write it who knows how. */
function written(texts: readonly string[]): AuditRecord[] {
  let previous = '0'.repeat(64)
  return texts.map((text, index) => {
    const record = { sequence: index + 1, atMs: start + (index + 1) * 1_000, text }
    previous = hashEntry(previous, record)
    return { ...record, hash: previous }
  })
}

test('entries are kept with who, what, where and the outcome, and the chain over them holds', async () => {
  const { audit, store } = await filled(3)
  await audit.record({
    who: 'bob',
    action: 'agent.invoke',
    agent: 'a1',
    outcome: 'forbidden',
    facts: { service: 'IScript' },
    traceId: 'f'.repeat(32),
  })
  const [last] = await store.audit.read({ before: 5, limit: 1 })
  expect(last && parseEntry(last.text)).toEqual({
    who: 'bob',
    action: 'agent.invoke',
    agent: 'a1',
    outcome: 'forbidden',
    facts: { service: 'IScript' },
    traceId: 'f'.repeat(32),
  })
  expect(await audit.verify()).toEqual({ ok: true, first: 1, last: 4 })
  expect(await new Audit(openMemoryStore(), () => ours).verify()).toEqual({ ok: true, first: 1, last: 0 })
})

test('entries that come together are one change of the store, up to as many as go with one flush', async () => {
  const { audit, store } = await filled(1)
  const change = vi.spyOn(store, 'change')
  const { storeBatchChanges } = gatewayLimits
  await Promise.all(Array.from({ length: storeBatchChanges + 1 }, (_, i) => audit.record(entry(i))))
  expect(change).toHaveBeenCalledTimes(2)
  await audit.record(entry(0))
  expect(change).toHaveBeenCalledTimes(3)
  const kept = await store.audit.read({ after: 1, limit: storeBatchChanges + 1 })
  expect(kept.map(({ text }) => parseEntry(text).agent)).toEqual(Array.from({ length: storeBatchChanges + 1 }, (_, i) => `a${i}`))
  expect(await audit.verify()).toEqual({ ok: true, first: 1, last: storeBatchChanges + 3 })
})

test('the event loop turns between the pages of a log that is verified', async () => {
  const { audit, store } = await filled(1_100)
  const read = store.audit.read.bind(store.audit)
  let turns = 0
  let seen = 0
  const turnsBetween: number[] = []
  vi.spyOn(store.audit, 'read').mockImplementation(async range => {
    expect(range.limit).toBeLessThanOrEqual(250)
    turnsBetween.push(turns - seen)
    seen = turns
    return read(range)
  })
  let over = false
  const turn = (): void => {
    turns++
    if (!over) setImmediate(turn)
  }
  setImmediate(turn)
  expect(await audit.verify()).toEqual({ ok: true, first: 1, last: 1_100 })
  over = true
  expect(turnsBetween).toHaveLength(5)
  for (const each of turnsBetween.slice(1)) expect(each).toBeGreaterThan(0)
})

test('an entry and the change that it tells of are there together or not at all', async () => {
  const { store, audit } = await filled(1)
  await failureOf(
    store.change(draft => {
      audit.write(draft, entry(2))
      throw new HalibutError('forbidden', 'no')
    }),
  )
  expect(store.audit.head?.sequence).toBe(1)
  await store.change(draft => {
    audit.write(draft, entry(2))
    draft.meta.put({ id: 'done', text: '' })
  })
  expect([store.audit.head?.sequence, store.meta.size, (await audit.verify()).ok]).toEqual([2, 1, true])
})

test.each<[string, string, number, (entries: AuditRecord[]) => void]>([
  ['a changed text', 'changed', 3, entries => entries.splice(2, 1, { ...(entries[2] as AuditRecord), text: '{}' })],
  ['a changed time', 'changed', 3, entries => entries.splice(2, 1, { ...(entries[2] as AuditRecord), atMs: 1 })],
  ['a changed hash', 'changed', 3, entries => entries.splice(2, 1, { ...(entries[2] as AuditRecord), hash: 'f'.repeat(64) })],
  ['a removed entry', 'missing', 3, entries => entries.splice(2, 1)],
  ['a removed beginning', 'missing', 1, entries => entries.splice(0, 2)],
  ['a removed entry whose place the next ones take', 'changed', 3, entries => renumber(entries, 2)],
  ['two entries that changed places', 'changed', 3, entries => swap(entries, 2, 3)],
  ['an end that was cut off', 'cut-off', 5, entries => entries.splice(4)],
  ['nothing left at all', 'cut-off', 1, entries => entries.splice(0)],
  ['an entry too many', 'rewritten', 6, entries => entries.splice(0, 6, ...written(entries.map(({ text }) => `${text} `)))],
])('%s is found', async (_what, finding, sequence, tamper) => {
  const { audit, entries } = await filled(6)
  const head = parseHead(audit.signedHead() ?? '')
  tamper(entries)
  expect(await verifyAudit(logOf(entries), { heads: [head] })).toMatchObject({
    ok: false,
    finding,
    sequence,
    message: expect.stringContaining('entry'),
  })
})

function renumber(entries: AuditRecord[], from: number): void {
  entries.splice(from, 1)
  for (let i = from; i < entries.length; i++) entries[i] = { ...(entries[i] as AuditRecord), sequence: i + 1 }
}

function swap(entries: AuditRecord[], one: number, two: number): void {
  const [a, b] = [entries[one] as AuditRecord, entries[two] as AuditRecord]
  entries[one] = { ...b, sequence: a.sequence }
  entries[two] = { ...a, sequence: b.sequence }
}

test('whatever is done to a log, it is no longer what a head was signed for', async () => {
  const { entries } = await filled(8)
  const head = entries.at(-1) as AuditHead
  const index = fc.nat(7)
  const edit = fc.oneof(
    fc.tuple(fc.constant('text' as const), index, fc.string()),
    fc.tuple(fc.constant('time' as const), index, fc.string()),
    fc.tuple(fc.constant('remove' as const), index, fc.string()),
    fc.tuple(fc.constant('double' as const), index, fc.string()),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 4 }), fc.boolean(), async (edits, rehash) => {
      let copy = entries.map(each => ({ ...each }))
      for (const [kind, at, text] of edits) {
        const each = copy[at % Math.max(copy.length, 1)]
        if (!each) continue
        if (kind === 'text') each.text = text
        else if (kind === 'time') each.atMs += 1 + text.length
        else if (kind === 'remove') copy.splice(copy.indexOf(each), 1)
        else copy.splice(copy.indexOf(each), 0, { ...each })
      }
      if (rehash) copy = written(copy.map(each => each.text)).map((each, i) => ({ ...each, atMs: copy[i]?.atMs ?? 0 }))
      fc.pre(JSON.stringify(copy) !== JSON.stringify(entries))
      expect((await verifyAudit(logOf(copy), { heads: [head] })).ok).toBe(false)
    }),
  )
})

test('a log that was cut off is whole by itself: only a head that was kept elsewhere tells', async () => {
  const { entries, audit } = await filled(6)
  const cut = entries.slice(0, 4)
  expect(await verifyAudit(logOf(cut))).toEqual({ ok: true, first: 1, last: 4 })
  expect((await verifyAudit(logOf(cut), { heads: [parseHead(audit.signedHead() ?? '')] })).ok).toBe(false)
})

test('what is too old, or too much, goes; the rest can be verified, and that it went is written down', async () => {
  const { store, audit, clock } = await filled(20)
  const [old, later] = [audit.signedHead(), clock.now]
  expect(await audit.trim({ maxAgeMs: 60_000, maxEntries: 100 })).toBe(0)
  // The entries of seconds 1 to 7 are older than 13 s at second 20.5.
  clock.now = later + 500
  expect(await audit.trim({ maxAgeMs: 13_000, maxEntries: 100 })).toBe(7)
  expect(await audit.verify([old ?? ''])).toEqual({ ok: true, first: 8, last: 21 })
  expect(await audit.trim({ maxAgeMs: 60_000, maxEntries: 5 })).toBe(9)
  expect(await audit.verify([old ?? ''])).toEqual({ ok: true, first: 17, last: 22 })
  const kept = await store.audit.read({ limit: 100 })
  expect(kept.map(({ text }) => parseEntry(text)).at(-1)).toEqual({
    who: 'gateway',
    action: 'audit.trimmed',
    outcome: 'done',
    facts: { upTo: 16, removed: 9 },
  })
  // A head of what went tells nothing, and is no reason for an alarm.
  const early = await filled(3)
  expect((await audit.verify([early.audit.signedHead() ?? ''])).ok).toBe(true)
  expect(await audit.trim({ maxAgeMs: 0, maxEntries: 0 })).toBe(6)
  expect((await audit.verify([old ?? ''])).ok).toBe(true)
})

test('entries that were written while the clock was wrong take none with them that is not too old', async () => {
  const { audit, clock } = await filled(9)
  clock.now = 0
  for (let number = 10; number <= 12; number++) await audit.record(entry(number))
  clock.now = start + 9_500
  for (let number = 13; number <= 20; number++) await audit.record(entry(number))
  expect(await audit.trim({ maxAgeMs: 7_000, maxEntries: 100 })).toBe(2)
  expect(await audit.verify()).toEqual({ ok: true, first: 3, last: 21 })
})

test('much goes in pieces, and is written down once', async () => {
  const store = openMemoryStore()
  const audit = new Audit(
    store,
    () => ours,
    () => start,
  )
  await store.change(draft => {
    for (let number = 1; number <= 2_500; number++) audit.write(draft, entry(number))
  })
  let changes = 0
  const { change } = store
  store.change = act => {
    changes++
    return change.call(store, act as never) as never
  }
  expect(await audit.trim({ maxAgeMs: 60_000, maxEntries: 100 })).toBe(2_400)
  expect([changes, await audit.verify()]).toEqual([3, { ok: true, first: 2_401, last: 2_501 }])
})

test('more than what was forgotten on purpose is missing, and an anchor that somebody else wrote is none', async () => {
  const { store, audit } = await filled(10)
  await audit.trim({ maxAgeMs: 60_000, maxEntries: 5 })
  await store.change(draft => draft.audit.removeUpTo(8))
  expect(await audit.verify()).toMatchObject({ ok: false, finding: 'missing', sequence: 6 })
  const [first] = await store.audit.read({ limit: 1 })
  const forged = signHead({ sequence: 8, hash: first?.hash ?? '' }, theirs)
  await store.meta.put({ id: 'audit-anchor', text: forged })
  expect((await failureOf(audit.verify())).message).toContain('was not signed by this gateway')
})

test('a signed head is three lines, an empty one and a signature, and is read back from a ticket', async () => {
  const { audit, entries } = await filled(2)
  const text = audit.signedHead() ?? ''
  const lines = text.split('\n')
  expect(lines.slice(0, 4)).toEqual([`halibut-gateway ${ours.thumbprint}`, '2', entries[1]?.hash, ''])
  expect([lines[4]?.startsWith(`— halibut-gateway ${ours.thumbprint} `), lines.length, lines[5]]).toEqual([true, 6, ''])
  const head = parseHead(`\r\n  ${text.replaceAll('\n', '\r\n')}\r\n`)
  expect(isSignedBy(head, ours.certificatePem)).toBe(true)
  expect((await audit.verify([text])).ok).toBe(true)
})

test('a head with another number, another hash, or the signature of somebody else is not ours', async () => {
  const { audit } = await filled(2)
  const text = audit.signedHead() ?? ''
  const other = signHead({ sequence: 2, hash: 'a'.repeat(64) }, theirs)
  for (const forged of [
    text.replace('\n2\n', '\n1\n'),
    text.replace(/\n[0-9a-f]{64}\n/, `\n${'0'.repeat(64)}\n`),
    other,
    other.replaceAll(theirs.thumbprint, ours.thumbprint),
  ])
    expect((await failureOf(audit.verify([forged]))).message).toContain('was not signed by this gateway')
  for (const nonsense of ['', 'x', text.slice(0, 60), text.replace('\n2\n', '\n-2\n'), text.replace('—', '-')])
    expect(await failureOf(audit.verify([nonsense]))).toMatchObject({ kind: 'invalid_argument' })
})

test('a head that a former certificate of ours has signed is still one of ours, and so is the anchor', async () => {
  const store = openMemoryStore()
  let signer = theirs
  const audit = new Audit(
    store,
    () => signer,
    () => start,
  )
  for (let number = 1; number <= 3; number++) await audit.record(entry(number))
  const former = audit.signedHead() ?? ''
  await audit.trim({ maxAgeMs: 60_000, maxEntries: 1 })
  signer = ours
  expect((await failureOf(audit.verify())).message).toContain('was not signed by this gateway')
  const { thumbprint: id, certificatePem } = theirs
  await store.identities.put({ id, certificatePem, state: 'retired', addedMs: start, retiredMs: start })
  expect(await audit.verify([former, audit.signedHead() ?? ''])).toMatchObject({ ok: true })
  await store.identities.put({ id, certificatePem: ours.certificatePem, state: 'retired', addedMs: start })
  expect((await failureOf(audit.verify([former]))).message).toContain('was not signed by this gateway')
})
