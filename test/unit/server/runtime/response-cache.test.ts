import { array, list, method, service, string } from '@halibut-gateway/schemas/contract'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { cacheKey, ResponseCache } from '../../../../server/src/runtime/response-cache.ts'
import { answerRequest, openAsAcceptor } from '../../../support/scripted-halibut.ts'
import { createScriptedAgent } from '../../../support/world.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] })
})

afterEach(() => {
  vi.useRealTimers()
})

describe('answers', () => {
  test('K01 an answer is kept for its seconds, and then forgotten', () => {
    const cache = new ResponseCache()
    cache.put('key', 'answer', 10)
    vi.advanceTimersByTime(9_999)
    expect(cache.get('key')).toBe('answer')
    vi.advanceTimersByTime(1)
    expect(cache.get('key')).toBeUndefined()
    expect(cache.size).toBe(0)
  })

  test('an answer is not overwritten before it expires, nor kept longer for it', () => {
    const cache = new ResponseCache()
    cache.put('key', 'first', 10)
    vi.advanceTimersByTime(5_000)
    cache.put('key', 'second', 10)
    expect(cache.get('key')).toBe('first')
    vi.advanceTimersByTime(5_000)
    expect(cache.get('key')).toBeUndefined()
    cache.put('key', 'third', 10)
    expect(cache.get('key')).toBe('third')
  })

  test('null is not kept', () => {
    const cache = new ResponseCache()
    cache.put('key', null, 10)
    cache.put('key', undefined, 10)
    expect(cache.size).toBe(0)
  })

  test('expired answers that nobody asks for go when others come, and there is a bound to all', () => {
    const cache = new ResponseCache()
    cache.put('old', 'answer', 1)
    vi.advanceTimersByTime(1_000)
    cache.put('new', 'answer', 3_600)
    expect(cache.size).toBe(1)
    for (let n = 0; n < 10_000; n++) cache.put(String(n), n, 3_600)
    expect(cache.size).toBe(10_000)
    expect([cache.get('new'), cache.get('0')]).toEqual([undefined, 0])
    cache.clear()
    expect(cache.size).toBe(0)
  })
})

describe('keys', () => {
  const key = (...args: unknown[]) => cacheKey('https://agent:10933/', 'IEcho', 'Say', args).slice('https://agent:10933/:IEcho:Say:'.length)

  test('endpoint, service, method and arguments, with colons', () => {
    expect(cacheKey('https://agent:10933/', 'IEcho', 'Say', ['a', 'b'])).toBe('https://agent:10933/:IEcho:Say:a:b')
  })

  test('each argument has its form', () => {
    expect(key()).toBe('0')
    expect(key('text', null)).toBe('text:')
    expect(key('00112233-4455-6677-8899-aabbccddeeff')).toBe('00112233-4455-6677-8899-aabbccddeeff')
    expect(key(new Date(Date.UTC(2024, 1, 29, 12, 30)))).toBe('2024-02-29T12:30:00.000Z')
    expect(key(['a', ['b', 'c']], new Set(['d']))).toBe('[a,[b,c]]:[d]')
  })

  test('different arguments have different keys', () => {
    const different = [
      [],
      ['0'],
      [null],
      [''],
      ['a:b'],
      ['a', 'b'],
      [['a', 'b']],
      [['a,b']],
      ['[a,b]'],
      [[]],
      [[null]],
      [['']],
      ['\\'],
      ['\\0'],
    ]
    expect(new Set(different.map(args => key(...args))).size).toBe(different.length)
  })

  test.each([
    [1, 'System.Int32'],
    [1.5, 'System.Double'],
    [1n, 'System.Int64'],
    [true, 'System.Boolean'],
    [Buffer.of(1), 'System.Byte'],
    [{ a: 1 }, 'System.Object'],
    [[1], 'System.Int32'],
  ])('K02 %s cannot be part of a key', (value, type) => {
    const refused = { kind: 'invalid_argument', delivery: 'not_sent', message: `Parameter of type ${type} cannot be used as a cache key.` }
    expect(() => key(value)).toThrow(expect.objectContaining(refused))
  })
})

test('overloads that print the same arguments keep answers of their own', async () => {
  vi.useRealTimers()
  const marks = { cacheSeconds: 60 }
  const contract = service('IKeep', {
    Get: [method([['items', list(string)]], string, marks), method([['items', array(string)]], string, marks)],
  })
  await using agent = await createScriptedAgent({
    script: async peer => {
      await openAsAcceptor(peer)
      await answerRequest(peer, 'of the list')
      await peer.readUntil(unread => unread.includes('NEXT\r\n'))
      await peer.write('PROCEED\r\n')
      await answerRequest(peer, 'of the array')
    },
  })
  const ask = (signature: string, arg: unknown): Promise<unknown> =>
    agent.runtime.call({ endpoint: agent.endpoint, contract, service: 'IKeep', method: signature, args: [arg] })
  expect(await ask('Get(list<string>)', ['a'])).toBe('of the list')
  expect(await ask('Get(string[])', ['a'])).toBe('of the array')
  expect(await ask('Get(list<string>)', ['a'])).toBe('of the list')
})
