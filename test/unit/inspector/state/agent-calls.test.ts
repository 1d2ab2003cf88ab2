import type { GatewayClient } from '@halibut-gateway/client'
import type { CallEvent, CallSnapshot } from '@halibut-gateway/schemas'
import { signal } from '@preact/signals'
import { expect, test } from 'vitest'
import { createAgentCalls } from '../../../../server/inspector/src/state/agent-calls.ts'

const call = (activityId: string, change: Partial<CallSnapshot> = {}): CallSnapshot => ({
  activityId,
  agent: 'web-1',
  service: 'S',
  method: 'M()',
  principal: 'p',
  since: '2030-01-01T00:00:00.000Z',
  state: 'queued',
  ...change,
})
const waits = (place: number): Partial<CallSnapshot> => ({ waiting: { reason: 'busy', place, running: 1, ahead: [], hidden: 0 } })

/** The calls of web-1 after these events. */
async function after(...events: CallEvent[]) {
  let isRead: (() => void) | undefined
  const read = new Promise<void>(resolve => {
    isRead = resolve
  })
  const client = {
    state: { at: 'connected' },
    onState: () => () => undefined,
    async *watchCalls({ signal: stop }: { signal: AbortSignal }) {
      yield* events
      isRead?.()
      await new Promise(resolve => stop.addEventListener('abort', resolve))
    },
  } as unknown as GatewayClient
  const calls = createAgentCalls({ client: signal(client) }, 'web-1', tell => tell())
  await read
  calls.close()
  return { open: calls.open.value?.map(({ activityId }) => activityId), ended: calls.ended.value }
}

test('the calls of one agent stand in the order of their turns, those that run first, and those of others not at all', async () => {
  const snapshot: CallEvent = {
    type: 'snapshot',
    calls: [call('third', waits(2)), call('second', waits(1)), call('elsewhere', { agent: 'web-2' }), call('first', { state: 'running' })],
  }
  expect(await after(snapshot)).toEqual({ open: ['first', 'second', 'third'], ended: 0 })
  expect(
    await after(
      snapshot,
      { type: 'finished', call: call('first', { state: 'answered' }) },
      { type: 'changed', call: call('second', { state: 'running' }) },
      { type: 'started', call: call('late', { agent: 'web-2' }) },
      { type: 'finished', call: call('late', { agent: 'web-2', state: 'answered' }) },
      { type: 'changed', call: call('third', waits(1)) },
    ),
  ).toEqual({ open: ['second', 'third'], ended: 1 })
})

test('before anything is told nothing is known, and after a gap nothing is there that may be over', async () => {
  expect(await after()).toEqual({ open: undefined, ended: 0 })
  expect(await after({ type: 'snapshot', calls: [call('one')] }, { type: 'gap' })).toEqual({ open: [], ended: 0 })
})
