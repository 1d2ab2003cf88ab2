import { expect, test, vi } from 'vitest'
import { StreamTable } from '../../../client-sdk/src/streams/stream-table.ts'
import { openSource } from '../../../client-sdk/src/streams/upload-source.ts'

const bytes = Uint8Array.of(1, 2, 3)

test.each([
  ['bytes', bytes, 3],
  ['a buffer', bytes.buffer, 3],
  ['a Blob', new Blob([bytes]), 3],
  ['a stream', new Blob([bytes]).stream(), undefined],
  ['a stream with its length', { stream: new Blob([bytes]).stream(), length: 3 }, 3],
])('%s is read as an upload', async (_, source, length) => {
  const reader = openSource(source)
  expect([reader?.length, await reader?.read()]).toEqual([length, bytes])
  expect(await reader?.read()).toBeUndefined()
})

test('a Blob of size 0 is read, since a file that is gone says so too, and tells no length before', async () => {
  const reader = openSource(new Blob([]))
  expect([reader?.length, await reader?.read()]).toEqual([undefined, undefined])
  const gone = Object.defineProperties(new Blob([]), {
    stream: { value: () => new ReadableStream({ pull: controller => controller.error(new Error('the file is gone')) }) },
  })
  await expect(openSource(gone)?.read()).rejects.toThrow('the file is gone')
})

test.each([null, undefined, 'text', 7, [1], { stream: 'text', length: 4 }, { stream: new ReadableStream(), length: -1 }])(
  '%o is no upload',
  value => {
    expect(openSource(value)).toBeUndefined()
  },
)

test('a stream is locked when it is read, and not by a call that is never sent', async () => {
  const stream = new Blob([bytes]).stream()
  const reader = openSource(stream)
  expect(stream.locked).toBe(false)
  await reader?.read()
  expect(stream.locked).toBe(true)
  expect(openSource(stream)).toBeUndefined()
})

test('a stream that was not read yet is cancelled with its reason', async () => {
  const reason = await new Promise(resolve => openSource(new ReadableStream({ cancel: resolve }))?.cancel('not wanted'))
  expect(reason).toBe('not wanted')
})

test('a listener of progress that throws stops no upload', async () => {
  const sent: number[] = []
  const notes: string[] = []
  const table = new StreamTable({
    socket: () => ({ bufferedAmount: 0, send: frame => sent.push(frame.length) }),
    notify: method => notes.push(method),
  })
  const later: (() => void)[] = []
  const enqueue = vi.spyOn(globalThis, 'queueMicrotask').mockImplementation(task => later.push(task))
  const uploads = table.ofCall(() => {
    throw new Error('a mistake of the page')
  })
  uploads.write(bytes)
  uploads.onSent()
  await vi.waitFor(() => expect(notes).toEqual(['$/stream/end']))
  enqueue.mockRestore()
  expect(sent).toHaveLength(1)
  expect(later.length).toBeGreaterThan(0)
  expect(later[0]).toThrow('a mistake of the page')
})
