import { expect, test } from 'vitest'
import { Upload } from '../../../client-sdk/src/streams/upload.ts'

function createUpload(): { upload: Upload; told: string[]; ended: Promise<void> } {
  const told: string[] = []
  let end: () => void = () => undefined
  const ended = new Promise<void>(resolve => {
    end = resolve
  })
  const pieces = [new Uint8Array(100)]
  const source = { length: 100, read: async () => pieces.shift(), cancel: () => undefined }
  const upload = new Upload(1, source, {
    send: () => true,
    ended: length => {
      told.push(`end ${length}`)
      end()
    },
    cancel: reason => told.push(`cancel: ${reason}`),
    progress: () => undefined,
    over: () => told.push('over'),
  })
  upload.begin(true)
  return { upload, told, ended }
}

test('an upload that is given up after its end and before the gateway has it says so: what a cut lost is not sent again', async () => {
  const { upload, told, ended } = createUpload()
  await ended
  upload.cancel('the call has ended')
  expect(told).toEqual(['end 100', 'cancel: the call has ended', 'over'])
})

test('one that the gateway has whole says nothing more', async () => {
  const { upload, told, ended } = createUpload()
  await ended
  upload.credit({ offset: 262_144 + 100, acknowledged: 100 })
  upload.cancel('the call has ended')
  expect(told).toEqual(['end 100', 'over'])
})
