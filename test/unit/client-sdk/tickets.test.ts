import { afterEach, expect, test, vi } from 'vitest'
import type { GatewayError } from '../../../client-sdk/src/errors.ts'
import { type ClientOptions, resolveOptions } from '../../../client-sdk/src/options.ts'
import { credentialOf, refusedWith } from '../../../client-sdk/src/tickets.ts'
import type { WebSocketFactory } from '../../../client-sdk/src/websocket.ts'

afterEach(() => vi.unstubAllGlobals())

const webSocket: WebSocketFactory = () => {
  throw new Error('nothing is opened here')
}
const { signal } = new AbortController()

/** What is asked of the gateway, which answers like this. */
function answer(response: () => Response | Promise<never>): { url: string; authorization: string | null }[] {
  const asked: { url: string; authorization: string | null }[] = []
  vi.stubGlobal('fetch', async (url: URL, init: RequestInit) => {
    asked.push({ url: url.href, authorization: new Headers(init.headers).get('authorization') })
    return response()
  })
  return asked
}

const credential = (options: Partial<ClientOptions> = {}): Promise<string | undefined> =>
  credentialOf(resolveOptions({ url: 'https://gateway.example/gw/', webSocket, ...options }), signal)

test('a ticket is got with the token, below the path of the gateway', async () => {
  const asked = answer(() => Response.json({ ticket: 'hgt_1' }, { status: 201 }))
  expect(await credential({ token: 'hgw_1' })).toBe('hgt_1')
  expect(asked).toEqual([{ url: 'https://gateway.example/gw/api/v1/ws-tickets', authorization: 'Bearer hgw_1' }])
})

test('where no tickets are wanted the token itself is offered, and where there is nothing to present nobody is asked', async () => {
  const asked = answer(() => Response.error())
  expect(await credential({ token: 'hgw_1', tickets: false })).toBe('hgw_1')
  expect(await credential()).toBeUndefined()
  expect(asked).toEqual([])
})

test.each([true, false])(
  'a token that is none is refused by the gateway, not quoted in the error of the platform; with tickets: %s',
  async tickets => {
    const asked = answer(() => Response.json({ kind: 'unauthorized' }, { status: 401 }))
    for (const token of ['hgw_1\nhgw_2', '$ token create\r\nhgw_1', 'hgw_1…']) {
      const offered = await credential({ token, tickets }).catch((why: GatewayError) => why.kind)
      expect(offered).toBe(tickets ? 'unauthorized' : encodeURI(token))
    }
    expect(asked.map(({ authorization }) => authorization)).toEqual(
      tickets ? ['Bearer hgw_1%0Ahgw_2', 'Bearer $%20token%20create%0D%0Ahgw_1', 'Bearer hgw_1%E2%80%A6'] : [],
    )
  },
)

test('the problem of the gateway is the error: its kind, its detail and its advice', async () => {
  answer(() => Response.json({ kind: 'unauthorized', detail: 'the token has expired', advice: 'get a new one' }, { status: 401 }))
  await expect(credential({ token: 'hgw_1' })).rejects.toMatchObject({
    kind: 'unauthorized',
    message: 'the token has expired',
    advice: 'get a new one',
    retryable: false,
  })
})

test('what did not answer is named, with what happened below', async () => {
  answer(() => Promise.reject(new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } })))
  await expect(credential({ token: 'hgw_1' })).rejects.toMatchObject({
    kind: 'connect_failed',
    message: 'no answer from https://gateway.example: ECONNREFUSED',
    retryable: true,
  })
})

test.each([
  [401, undefined, 'unauthorized', false],
  [401, 'hgt_1', 'connect_failed', true],
  [403, undefined, 'forbidden', false],
  [404, undefined, 'connect_failed', false],
  [408, undefined, 'connect_failed', true],
  [429, undefined, 'connect_failed', true],
  [503, undefined, 'connect_failed', true],
])('HTTP %d, with the credential %j, is %s, and may pass: %s', (status, offered, kind, retryable) => {
  expect(refusedWith(status, 'no', {}, offered)).toMatchObject({ kind, retryable, message: 'no', advice: expect.stringContaining('port') })
})
