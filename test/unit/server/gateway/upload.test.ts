import { expect, test } from 'vitest'
import { Upload } from '../../../../server/src/gateway/streams/upload.ts'
import { createStreamSpool } from '../../../../server/src/runtime/stream-spool.ts'

const hello = Buffer.from('hello')

function spooled(upload: Upload): Promise<void> {
  return upload.spool(createStreamSpool({ spoolMemoryBytes: 1_000, spoolFileBytes: 1_000, streamUnreadMs: 60_000 }), 1_000)
}

function createUpload(length?: number): Upload {
  return new Upload(1, length, { credit: () => undefined, over: () => undefined })
}

test('content behind the end that was told breaks the rules, also where no length was told before', () => {
  const upload = createUpload()
  expect(upload.receive(0, hello)).toBeUndefined()
  upload.end(5)
  expect(upload.receive(5, hello)).toBe('credit_exceeded')
})

test('an end may come before its content, as it does when a session goes on', async () => {
  const upload = createUpload()
  const whole = spooled(upload)
  upload.end(10)
  expect([upload.receive(0, hello), upload.receive(5, hello), upload.receive(10, hello)]).toEqual([undefined, undefined, 'credit_exceeded'])
  await whole
  expect(upload.length).toBe(10)
  upload.stream.discard()
})

test.each([
  ['another one than was told', [6], 5],
  ['less than has come', [4], undefined],
  ['another one than the end before', [5, 6], undefined],
] as const)('an end that says %s ends the upload', async (_name, ends, length) => {
  const upload = createUpload(length)
  const whole = spooled(upload)
  upload.receive(0, hello)
  for (const end of ends) upload.end(end)
  await expect(whole).rejects.toMatchObject({ kind: 'stream_size_mismatch' })
})
