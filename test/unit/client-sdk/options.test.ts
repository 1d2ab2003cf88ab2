import { afterEach, expect, test, vi } from 'vitest'
import { resolveOptions } from '../../../client-sdk/src/options.ts'
import type { WebSocketFactory } from '../../../client-sdk/src/websocket.ts'

afterEach(() => vi.unstubAllGlobals())

const webSocket: WebSocketFactory = () => {
  throw new Error('nothing is opened here')
}

test.each([
  ['https://gateway.example', 'wss://gateway.example/rpc'],
  ['http://127.0.0.1:8642/', 'ws://127.0.0.1:8642/rpc'],
  ['HTTPS://Gateway.example/gw', 'wss://gateway.example/gw/rpc'],
  ['https://gateway.example/gw/', 'wss://gateway.example/gw/rpc'],
  ['wss://gateway.example/gw/rpc', 'wss://gateway.example/gw/rpc'],
  ['https://gateway.example/grpc', 'wss://gateway.example/grpc/rpc'],
  ['https://gateway.example/gw?tenant=1#token=hgw_1', 'wss://gateway.example/gw/rpc?tenant=1'],
])('the address %s stands for the socket %s', (url, socket) => {
  expect(resolveOptions({ url, webSocket }).url).toBe(socket)
})

test.each(['gateway.example', '/rpc', 'ftp://gateway.example', 'http://', '', 'javascript:alert(1)'])('%j is no address', url => {
  expect(() => resolveOptions({ url, webSocket })).toThrow(expect.objectContaining({ kind: 'invalid_argument' }))
})

test.each([{ connectTimeoutMs: 0 }, { connectTimeoutMs: Number.NaN }, { backoff: { firstMs: -1 } }, { backoff: { maxMs: Number.NaN } }])(
  '%j is refused',
  options => {
    expect(() => resolveOptions({ url: 'http://test', webSocket, ...options })).toThrow(
      expect.objectContaining({ kind: 'invalid_argument', message: expect.stringContaining('milliseconds') }),
    )
  },
)

test('where the platform has no WebSocket the error says where one is', () => {
  vi.stubGlobal('WebSocket', undefined)
  expect(() => resolveOptions({ url: 'http://test' })).toThrow(expect.objectContaining({ advice: expect.stringContaining('ws package') }))
})

test('a token may be a function, which is asked each time', async () => {
  let asked = 0
  const { token } = resolveOptions({ url: 'http://test', webSocket, token: () => `token ${++asked}` })
  expect([await token(), await token()]).toEqual(['token 1', 'token 2'])
  expect(await resolveOptions({ url: 'http://test', webSocket }).token()).toBeUndefined()
})
