import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

type Base64 = typeof import('../../../../schemas/src/wire/base64url.ts')

/** What only some runtimes have, made of what this one has. */
const newest = {
  toBase64(this: Uint8Array) {
    return Buffer.from(this).toString('base64url')
  },
  fromBase64: (text: string) => Uint8Array.from(Buffer.from(text, 'base64url')),
}

describe.each(['Node', 'a browser of today', 'an older browser'])('%s', where => {
  let base64: Base64

  beforeEach(async () => {
    vi.resetModules()
    if (where !== 'Node') vi.stubGlobal('Buffer', undefined)
    if (where === 'a browser of today') {
      Object.assign(Uint8Array.prototype, { toBase64: newest.toBase64 })
      Object.assign(Uint8Array, { fromBase64: newest.fromBase64 })
    }
    base64 = await import('../../../../schemas/src/wire/base64url.ts')
    vi.unstubAllGlobals()
  })

  afterEach(() => {
    Reflect.deleteProperty(Uint8Array.prototype, 'toBase64')
    Reflect.deleteProperty(Uint8Array, 'fromBase64')
  })

  test.each([0, 1, 2, 3, 4, 255, 0x6000 - 1, 0x6000, 0x6001, 600_000])('%i bytes there and back', length => {
    const memory = randomBytes(length + 2)
    const bytes = new Uint8Array(memory.buffer, memory.byteOffset + 1, length)
    const text = base64.bytesToBase64url(bytes)
    expect(text === Buffer.from(bytes).toString('base64url')).toBe(true)
    const read = base64.base64urlToBytes(text)
    expect(read.constructor).toBe(Uint8Array)
    expect(Buffer.compare(read, bytes)).toBe(0)
    const padded = text.padEnd(Math.ceil(text.length / 4) * 4, '=')
    expect(Buffer.compare(base64.base64urlToBytes(padded), bytes)).toBe(0)
    expect([base64.isBase64url(text), base64.isBase64url(padded)]).toEqual([true, true])
  })
})

test('text that is no base64url', async () => {
  const { isBase64url } = await import('../../../../schemas/src/wire/base64url.ts')
  const wrong = ['A', 'AAAAA', 'AA=', 'AAA==', 'A===', 'AAAA=', '====', '=', 'A=A=', 'AA+A', 'AA/A', 'AA A', 'AÄ', 'AAAA\n']
  expect(wrong.filter(isBase64url)).toEqual([])
})
