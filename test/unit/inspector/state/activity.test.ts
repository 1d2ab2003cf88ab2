import { createClient } from '@halibut-gateway/client'
import { createTestGateway } from '@halibut-gateway/client/testing'
import { expect, test } from 'vitest'
import { createActivity } from '../../../../server/inspector/src/state/activity.ts'
import { countedClient } from '../../../../server/inspector/src/state/counted-client.ts'

/** Activity whose page has drawn everything when the test says so. */
function createWorld() {
  const told: boolean[] = []
  let drawn: (() => void)[] = []
  const activity = createActivity({
    settled: () => new Promise<void>(resolve => void drawn.push(resolve)),
    tell: isIdle => void told.push(isIdle),
  })
  return {
    activity,
    told,
    draw: async () => {
      const waiting = drawn
      drawn = []
      for (const resolve of waiting) resolve()
      await Promise.resolve()
    },
  }
}

test('the page is idle when the last of what has begun is over and drawn, and not before', async () => {
  const { activity, told, draw } = createWorld()
  const first = activity.begin()
  const second = activity.begin()
  first()
  first()
  await draw()
  expect(told).toEqual([false])
  second()
  expect(told).toEqual([false])
  await draw()
  expect(told).toEqual([false, true])
})

test('what begins while the page is drawn makes it wait for that too', async () => {
  const { activity, told, draw } = createWorld()
  activity.stirred()
  const end = activity.begin()
  await draw()
  expect(told).not.toContain(true)
  end()
  await draw()
  expect(told.at(-1)).toBe(true)
  expect(told.filter(isIdle => isIdle)).toHaveLength(1)
})

test('a promise is given back as it is, and counts until it is settled either way', async () => {
  const { activity, told, draw } = createWorld()
  expect(await activity.during(Promise.resolve(7))).toBe(7)
  await draw()
  await expect(activity.during(Promise.reject(new Error('no')))).rejects.toThrow('no')
  await draw()
  expect(told).toEqual([false, true, false, true])
})

test('requests and the first item of a watch count, and what waits for a connection that is away does not', async () => {
  const { activity, told, draw } = createWorld()
  const gateway = createTestGateway()
  const client = countedClient(
    createClient({ url: 'http://gateway.example/', token: 'hgw_right', webSocket: gateway.webSocket, tickets: false }),
    activity,
  )
  const watch = client.watchAgents()
  // As a loop does, which looks for it once.
  const { next } = watch
  const first = next.call(watch)
  expect(told).toEqual([false])
  await first
  await draw()
  expect(told).toEqual([false, true])
  // The next one may take as long as it likes.
  const second = next.call(watch)
  await draw()
  expect(told).toEqual([false, true])
  const asked = client.agents()
  expect(told).toEqual([false, true, false])
  await asked
  await draw()
  expect(told.at(-1)).toBe(true)
  client.close()
  await second.catch(() => undefined)
})
