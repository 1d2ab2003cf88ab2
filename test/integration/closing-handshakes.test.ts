import { once } from 'node:events'
import { connect } from 'node:net'
import { subprotocol } from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { createGatewayWorld } from '../support/gateway.ts'

test('a WebSocket handshake that comes while the gateway closes is cut, and the gateway closes', async () => {
  await using world = await createGatewayWorld()
  const { hostname, port } = new URL(world.origin)
  const late = connect(Number(port), hostname)
  await once(late, 'connect')
  late.on('error', () => undefined)
  // A client that reads nothing keeps the gateway waiting for its close frame.
  const silent = await world.open()
  silent.socket.pause()
  const stopped = world.stop()
  late.write(
    [
      'GET /rpc HTTP/1.1',
      `Host: ${hostname}:${port}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      `Sec-WebSocket-Protocol: ${subprotocol}, ${world.token}`,
      '\r\n',
    ].join('\r\n'),
  )
  let answer = ''
  for await (const chunk of late.setEncoding('utf8')) answer += chunk
  await stopped
  expect(answer).not.toContain('101')
  silent.socket.terminate()
})
