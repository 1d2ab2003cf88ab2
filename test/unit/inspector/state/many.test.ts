import { GatewayError } from '@halibut-gateway/client'
import { signal } from '@preact/signals'
import { expect, test } from 'vitest'
import { createMany, type ManyCall } from '../../../../server/inspector/src/state/many.ts'
import type { Session } from '../../../../server/inspector/src/state/session.ts'

/** A gateway whose agents answer what they are told to, when they are told to. */
function createWorld() {
  const open = new Map<string, { answer: (value: unknown) => void; fail: (error: GatewayError) => void }>()
  const begun: string[] = []
  const client = {
    state: { at: 'connected' },
    agent: (id: string) => ({
      invoke: (_service: string, _method: string, _args: unknown[], { signal: stop }: { signal: AbortSignal }) =>
        new Promise((resolve, reject) => {
          begun.push(id)
          open.set(id, {
            answer: value => resolve({ value, signature: '', activityId: '', durationMs: 1 }),
            fail: reject,
          })
          stop.addEventListener('abort', () => reject(new GatewayError('cancelled', 'given up')))
        }),
    }),
  }
  const current = signal<unknown>(client)
  const many = createMany({ client: current } as unknown as Session, tell => tell())
  return { many, begun, open, signOut: () => (current.value = undefined) }
}

/** All that has been begun is answered, round by round. */
async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve()
}

const call = (count: number, more: Partial<ManyCall> = {}): ManyCall => ({
  agents: Array.from({ length: count }, (_, i) => `web-${i}`),
  service: 'S',
  method: 'M()',
  args: [],
  atOnce: 2,
  ...more,
})

test('so many are called at a time, each once, and equal answers are one group', async () => {
  const { many, begun, open } = createWorld()
  many.start(call(5))
  expect(begun).toEqual(['web-0', 'web-1'])
  expect(many.counts()).toMatchObject({ running: 2, waits: 3 })
  for (let i = 0; i < 5; i++) {
    open.get(`web-${i}`)?.answer({ version: i === 3 ? 2 : 1 })
    await settle()
  }
  expect(begun).toEqual(['web-0', 'web-1', 'web-2', 'web-3', 'web-4'])
  expect(many.isRunning.value).toBe(false)
  expect(many.groups().map(({ value, agents }) => [value, agents.length])).toEqual([
    [{ version: 1 }, 4],
    [{ version: 2 }, 1],
  ])
})

test('after so many failures no call is begun, and those that failed or were not made are called again', async () => {
  const { many, begun, open } = createWorld()
  many.start(call(6, { atOnce: 1, stopAfter: 2 }))
  for (const [i, fails] of [true, false, true].entries()) {
    if (fails) open.get(`web-${i}`)?.fail(new GatewayError('closed', 'no'))
    else open.get(`web-${i}`)?.answer(1)
    await settle()
  }
  expect(many.counts()).toMatchObject({ answered: 1, failed: 2, not_called: 3 })
  expect(many.row('web-5')).toEqual({ at: 'not_called', why: 'stopped' })
  many.again()
  for (const i of [0, 2, 3, 4, 5]) {
    open.get(`web-${i}`)?.answer(1)
    await settle()
  }
  expect(begun.filter(id => id === 'web-1')).toHaveLength(1)
  expect(many.groups().map(({ agents }) => agents.length)).toEqual([6])
})

test('what is cancelled ends, and nothing more is begun', async () => {
  const { many, begun } = createWorld()
  many.start(call(4))
  many.cancel()
  await settle()
  expect(begun).toEqual(['web-0', 'web-1'])
  expect(many.counts()).toMatchObject({ failed: 2, not_called: 2 })
  expect(many.row('web-3')).toEqual({ at: 'not_called', why: 'cancelled' })
})

test('an answer of a run that is no longer shown changes nothing, and nothing is left for who signs in next', async () => {
  const { many, open, signOut } = createWorld()
  many.start(call(1))
  const late = open.get('web-0')
  many.start(call(1, { method: 'N()' }))
  late?.answer('late')
  await settle()
  expect(many.row('web-0')?.at).toBe('running')
  open.get('web-0')?.answer('in time')
  await settle()
  expect(many.groups().map(({ value }) => value)).toEqual(['in time'])
  signOut()
  expect([many.made.value, many.groups(), many.row('web-0')]).toEqual([undefined, [], undefined])
})

test('a run that somebody leaves by signing out is over, and tells nothing more', async () => {
  const { many, open, signOut } = createWorld()
  many.start(call(4))
  open.get('web-0')?.answer('just in time')
  signOut()
  await settle()
  expect([many.isRunning.value, many.groups()]).toEqual([false, []])
  expect(['web-0', 'web-1', 'web-2', 'web-3'].map(many.row)).toEqual([undefined, undefined, undefined, undefined])
})
