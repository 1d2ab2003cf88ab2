import { method, service, string } from '@halibut-gateway/schemas/contract'
import { contractJson } from '@halibut-gateway/schemas/wire'
import { signal } from '@preact/signals'
import { expect, test } from 'vitest'
import { createClient } from '../../../../client-sdk/src/index.ts'
import type { CallForm } from '../../../../server/inspector/src/state/call-form.ts'
import { createCalls } from '../../../../server/inspector/src/state/calls.ts'
import { createSession, type Session } from '../../../../server/inspector/src/state/session.ts'
import { nodeWebSocket } from '../../../support/node-websocket.ts'
import { createRealGateway } from '../../../support/real-gateway.ts'

const waiting = service('IWaiting', { Wait: method([['name', string]], string) })
const json = contractJson(waiting)
const [wait] = waiting.methods

/** What a tab keeps. */
function createStorage() {
  const kept = new Map<string, string>()
  return {
    kept,
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  }
}

/** A gateway whose agent answers when `answer` is called, and the page of a tab: opened again with the same storage it is that after a reload. */
async function createWorld() {
  const storage = createStorage()
  const begun: string[] = []
  const answers: ((value: string) => void)[] = []
  const gateway = await createRealGateway({
    contracts: [waiting],
    host: agent =>
      void agent.addService(waiting, {
        Wait: name =>
          new Promise<string>(resolve => {
            begun.push(name)
            answers.push(resolve)
          }),
      }),
  })
  const sessions: Session[] = []
  return {
    storage,
    begun,
    answer: (value: string) => answers.shift()?.(value),
    gateway,
    open: (args: readonly unknown[] = ['Ada']) => {
      const session = createSession({
        url: `${gateway.origin}/`,
        storage,
        create: options => createClient({ ...options, webSocket: nodeWebSocket, tickets: false }),
      })
      if (sessions.length === 0) session.signIn(gateway.token)
      sessions.push(session)
      const form = {
        chosen: signal(wait && { agent: 'web-1', json, method: wait }),
        args: signal(args),
        isReady: signal(true),
        deadline: { ms: signal(undefined) },
        queueDeadline: { ms: signal(undefined) },
        onceKey: signal(''),
        fill: () => undefined,
      } as unknown as CallForm
      return { session, calls: createCalls({ session, form, storage }) }
    },
    /** Leaves the page, as a reload does. */
    leave: (session: Session) => session.client.value?.close(),
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.client.value?.close()
      await gateway[Symbol.asyncDispose]()
    },
  }
}

function until<T>(source: { subscribe(listener: (value: T) => void): () => void }, fits: (value: T) => boolean): Promise<T> {
  return new Promise(resolve => {
    let stop: (() => void) | undefined
    stop = source.subscribe(value => {
      if (!fits(value)) return
      resolve(value)
      queueMicrotask(() => stop?.())
    })
  })
}

test('a call that runs when the page is left is followed again, runs once, and its answer arrives', async () => {
  await using it = await createWorld()
  const first = it.open()
  await first.session.client.value?.agents()
  first.calls.make()
  // It stands in the storage with the epoch by which it is found again.
  await expect.poll(() => it.begun).toEqual(['Ada'])
  it.leave(first.session)

  const second = it.open()
  expect(second.calls.list.value).toMatchObject([{ number: 1, outcome: { at: 'running' } }])
  await second.session.client.value?.agents()
  it.answer('hello')
  const [call] = await until(second.calls.list, ([each]) => each?.outcome.at !== 'running')
  expect(call?.outcome).toMatchObject({ at: 'answered', result: { value: 'hello' } })
  expect(it.begun).toEqual(['Ada'])

  // And once more: it is over, and nothing is asked or run.
  it.leave(second.session)
  expect(it.open().calls.list.value).toEqual(second.calls.list.value)
  expect(it.begun).toEqual(['Ada'])
})

test('a call of a gateway that was started anew meanwhile is not made again: that is said', async () => {
  await using it = await createWorld()
  const first = it.open()
  await first.session.client.value?.agents()
  first.calls.make()
  await expect.poll(() => it.begun).toEqual(['Ada'])
  it.leave(first.session)
  const kept = it.storage.getItem('halibut-gateway.calls') ?? ''
  const epoch = /"epoch":"([^"]+)"/.exec(kept)?.[1] ?? ''
  it.storage.setItem('halibut-gateway.calls', kept.replace(epoch, 'another'))
  const { calls } = it.open()
  const [call] = await until(calls.list, ([each]) => each?.outcome.at !== 'running')
  expect(call?.outcome).toMatchObject({ at: 'failed', error: { kind: 'outcome_unknown', delivery: 'unknown' } })
  expect(it.begun).toEqual(['Ada'])
})

test('who signs out leaves no calls for who comes next', async () => {
  await using it = await createWorld()
  const { session, calls } = it.open()
  await session.client.value?.agents()
  calls.make()
  await expect.poll(() => it.begun).toEqual(['Ada'])
  session.signOut()
  expect([calls.list.value, [...it.storage.kept]]).toEqual([[], []])
})

test('who signs in over somebody else finds none of the calls of that one, and their numbers are used no more', async () => {
  await using it = await createWorld()
  const { session, calls } = it.open()
  await session.client.value?.agents()
  calls.make()
  await expect.poll(() => it.begun).toEqual(['Ada'])
  it.answer('hello')
  await until(calls.list, ([each]) => each?.outcome.at === 'answered')
  calls.clear()
  calls.make()
  expect(calls.list.value).toMatchObject([{ number: 2 }])
  session.signIn(it.gateway.token)
  expect([calls.list.value, calls.shown.value]).toEqual([[], undefined])
  await session.client.value?.agents()
  calls.make()
  expect(calls.list.value).toMatchObject([{ number: 3 }])
})
