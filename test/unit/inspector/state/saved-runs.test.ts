import { GatewayError } from '@halibut-gateway/client'
import { type Collection, emptyCollection, type SavedCall } from '@halibut-gateway/schemas/collection'
import { signal } from '@preact/signals'
import { expect, test } from 'vitest'
import type { Agents } from '../../../../server/inspector/src/state/agents.ts'
import { createSavedRuns } from '../../../../server/inspector/src/state/saved-runs.ts'
import type { Session } from '../../../../server/inspector/src/state/session.ts'

type Invoke = (method: string, args: readonly unknown[]) => Promise<unknown>

/** A page whose gateway answers by `invoke`. */
function createWorld(invoke: Invoke) {
  const client = {
    state: { at: 'connected' },
    agent: () => ({
      invoke: (_service: string, method: string, args: readonly unknown[], { signal: stop }: { signal: AbortSignal }) =>
        new Promise((resolve, reject) => {
          stop.addEventListener('abort', () => reject(new GatewayError('cancelled', 'given up')))
          invoke(method, args).then(value => resolve({ value, signature: method, activityId: '', durationMs: 1 }), reject)
        }),
    }),
  }
  const current = signal<unknown>(client)
  const agents = { all: () => new Map() } as unknown as Agents
  return { runs: createSavedRuns({ client: current } as unknown as Session, agents, () => 1), signOut: () => (current.value = undefined) }
}

const call = (name: string, more: Partial<SavedCall> = {}): SavedCall => ({
  name,
  agent: 'web-1',
  service: 'S',
  method: name,
  args: [],
  ...more,
})
const collection = (...calls: readonly SavedCall[]): Collection => ({ ...emptyCollection('Some'), calls: [...calls] })

test('assertions look at an answer that is there, each time that they change, and nothing is sent for it', async () => {
  let sent = 0
  const { runs } = createWorld(async () => ++sent)
  const first = call('first')
  await runs.run('id', collection(first))
  expect([sent, runs.verdict('id', collection(first), first)]).toEqual([1, 'passed'])
  const stricter = { ...first, assertions: [{ path: '$', equals: 2 }] }
  expect(runs.verdict('id', collection(stricter), stricter)).toBe('failed')
  const other = { ...first, name: 'other' }
  runs.rename('id', 'first', 'other')
  expect([runs.verdict('id', collection(other), other), runs.verdict('id', collection(first), first)]).toEqual(['passed', 'none'])
  expect(sent).toBe(1)
})

test('a run tells how far it is, and what is cancelled ends where it is', async () => {
  let begun = (): void => undefined
  const second = new Promise<void>(resolve => {
    begun = resolve
  })
  const { runs } = createWorld(method => {
    if (method !== 'second') return Promise.resolve(1)
    begun()
    return new Promise(() => undefined)
  })
  const all = collection(call('first'), call('second'), call('third'))
  const done = runs.run('id', all)
  await second
  expect(runs.state.value).toEqual({ at: 'running', done: 1, of: 3, now: 'second' })
  runs.cancel()
  await done
  expect(runs.state.value).toMatchObject({ at: 'done', made: 1, left: 2, isCancelled: true, problem: undefined })
  expect(all.calls.map(each => runs.verdict('id', all, each))).toEqual(['passed', 'none', 'none'])
})

test('a value that a run says is a secret is masked in what is shown, and the assertion still holds', async () => {
  const { runs, signOut } = createWorld(async (_, [said]) => `Hello ${said}`)
  const secretive = call('first', { args: ['{{pin}}'], assertions: [{ path: '$', equals: 'Hello {{pin}}' }] })
  const all: Collection = { ...collection(secretive), variables: { pin: { secret: true } } }
  runs.say('id', 'pin', 'sesame')
  await runs.run('id', all)
  const [came] = runs.cameOf('id', 'first')
  if (!came) throw new Error('nothing came')
  const judged = runs.judge('id', all, secretive, came)
  expect(judged.shown).toMatchObject({ value: 'Hello •••' })
  expect(judged.verdicts).toEqual([expect.objectContaining({ passed: true, expected: '"Hello •••"' })])
  signOut()
  expect([runs.cameOf('id', 'first'), runs.said('id')]).toEqual([[], {}])
})

test('a run that somebody leaves by signing out is over, and tells nothing more', async () => {
  let answer: (value: string) => void = () => undefined
  const { runs, signOut } = createWorld(
    () =>
      new Promise<string>(resolve => {
        answer = resolve
      }),
  )
  const run = runs.run('id', collection(call('first'), call('second')))
  answer('just in time')
  signOut()
  await run
  expect([runs.state.value, runs.cameOf('id', 'first'), runs.cameOf('id', 'second')]).toEqual([{ at: 'idle' }, [], []])
})

test('a long answer is not kept, and what assertions said to it is', async () => {
  const { runs } = createWorld(async () => 'x'.repeat(300_000))
  const first = call('first', {
    assertions: [
      { path: '$', matches: '^x' },
      { path: '$', equals: 'y' },
    ],
  })
  await runs.run('id', collection(first))
  expect(runs.cameOf('id', 'first')).toMatchObject([{ seen: { value: null }, told: [{ passed: true }, { passed: false }] }])
  expect(runs.verdict('id', collection(first), first)).toBe('failed')
})

test('what is no failure of a call ends the run with why', async () => {
  const { runs } = createWorld(() => Promise.reject(new TypeError('a mistake')))
  await runs.run('id', collection(call('first'), call('second')))
  expect(runs.state.value).toMatchObject({ at: 'done', left: 2, isCancelled: false, problem: new TypeError('a mistake') })
})
