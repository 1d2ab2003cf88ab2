import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { isAbortAwaited, offAbort, onAbort } from '../../../../server/src/base/abort-listeners.ts'

test('each listener is called once, in order, but for those taken away', () => {
  const stop = new AbortController()
  const called: string[] = []
  const [a, b, c] = ['a', 'b', 'c'].map(name => () => void called.push(name)) as [() => void, () => void, () => void]
  for (const listener of [a, b, c]) onAbort(stop.signal, listener)
  offAbort(stop.signal, b)
  stop.abort()
  stop.abort()
  onAbort(stop.signal, b)
  expect(called).toEqual(['a', 'c'])
})

test('a listener may take another one away', () => {
  const stop = new AbortController()
  const called: string[] = []
  const second = (): void => void called.push('second')
  onAbort(stop.signal, () => {
    called.push('first')
    offAbort(stop.signal, second)
  })
  onAbort(stop.signal, second)
  stop.abort()
  expect(called).toEqual(['first'])
})

test('a signal that serves many calls gets one event listener, and is known to be free again', () => {
  const { signal } = new AbortController()
  for (let i = 0; i < 100; i++) {
    const listener = (): void => undefined
    onAbort(signal, listener)
    expect(isAbortAwaited(signal)).toBe(true)
    offAbort(signal, listener)
    expect(isAbortAwaited(signal)).toBe(false)
  }
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  const other = (): void => undefined
  signal.addEventListener('abort', other)
  expect(isAbortAwaited(signal)).toBe(true)
  signal.removeEventListener('abort', other)
  expect(isAbortAwaited(signal)).toBe(false)
})
