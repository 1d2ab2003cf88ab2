import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { downloadFrameBytes, facadeLimits, frameHeaderBytes, uploadFrameBytes } from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'

test('the longest frames fill 64 KiB with the header of WebSocket, and their content a chunk at most', async () => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
  await once(server, 'listening')
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, { perMessageDeflate: false })
  const [[socket, request]] = (await Promise.all([once(server, 'connection'), once(client, 'open')])) as [
    [WebSocket, { socket: Socket }],
    unknown,
  ]
  const { bytesRead, bytesWritten } = request.socket

  client.send(new Uint8Array(uploadFrameBytes))
  await once(socket, 'message')
  socket.send(new Uint8Array(downloadFrameBytes))
  await once(client, 'message')
  expect([request.socket.bytesRead - bytesRead, request.socket.bytesWritten - bytesWritten]).toEqual([64 * 1024, 64 * 1024])
  expect(Math.max(uploadFrameBytes, downloadFrameBytes) - frameHeaderBytes).toBeLessThanOrEqual(facadeLimits.chunkBytes)

  client.terminate()
  server.close()
  await once(server, 'close')
})
