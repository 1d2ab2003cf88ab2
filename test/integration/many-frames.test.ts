import { controlNotifications } from '@halibut-gateway/schemas/wire'
import { expect, test, vi } from 'vitest'
import { Connection } from '../../server/src/gateway/connection.ts'
import { createGatewayWorld } from '../support/gateway.ts'

const frames = 60_000

test('a browser that sends tens of thousands of frames leaves others their turns, and has each of them answered', async () => {
  await using world = await createGatewayWorld()
  const { socket } = await world.open()
  let received = 0
  let atOnce = 0
  let most = 0
  const { receive } = Connection.prototype
  using _ = vi.spyOn(Connection.prototype, 'receive').mockImplementation(function (this: Connection, text) {
    received++
    most = Math.max(most, ++atOnce)
    receive.call(this, text)
  })
  let answered = 0
  socket.removeAllListeners('message')
  socket.on('message', () => answered++)
  const ping = JSON.stringify({ jsonrpc: '2.0', method: controlNotifications.ping })
  for (let i = 0; i < frames; i++) socket.send(ping)
  while (answered < frames) {
    await new Promise(resolve => setImmediate(resolve))
    atOnce = 0
  }
  expect(received).toBe(frames)
  // What one or two reads of 64 KiB bring.
  expect(most).toBeLessThan(5_000)
})
