import { expect, test } from 'vitest'
import { HalibutError } from '../../../../../server/src/base/errors.ts'
import { Upload } from '../../../../../server/src/gateway/streams/upload.ts'
import { createStreamSpool } from '../../../../../server/src/runtime/stream-spool.ts'
import { createWindows } from '../../../../support/session-windows.ts'

const gone = new HalibutError('stream_failed', 'the browser broke the upload off', { phase: 'stream' })

test('an upload whose request has ended breaks off for a call that goes on and takes it later, and says why', async () => {
  const upload = new Upload(1, 10, createWindows(), { credit: () => undefined, over: () => undefined })
  const { stream } = upload
  upload.receive({ offset: 0, isHeldUp: false }, Buffer.from('hello'))
  upload.close(gone)
  await expect(stream.pump(() => undefined)).rejects.toBe(gone)
})

test('the same holds for one that was kept whole before the call began', async () => {
  const upload = new Upload(1, undefined, createWindows(), { credit: () => undefined, over: () => undefined })
  const whole = upload.spool(createStreamSpool({ spoolMemoryBytes: 100, spoolFileBytes: 100, streamUnreadMs: 1_000 }), 100)
  upload.receive({ offset: 0, isHeldUp: false }, Buffer.from('hello'))
  upload.end(5)
  await whole
  upload.close(gone)
  await expect(upload.stream.pump(() => undefined)).rejects.toMatchObject({ kind: 'stream_failed' })
})
