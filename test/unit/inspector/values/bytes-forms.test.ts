import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bestForm, byteForms, formatBytesAs, parseBytesAs } from '../../../../server/inspector/src/values/bytes-forms.ts'

test('bytes come back from hex and base64, and from text where they are some', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), bytes => {
      for (const form of byteForms) {
        if (form === 'text' && bestForm(bytes) !== 'text') continue
        expect([...(parseBytesAs(form, formatBytesAs(form, bytes)) ?? [])]).toEqual([...bytes])
      }
    }),
  )
  // A byte order mark is a part of the bytes.
  const mark = new Uint8Array([0xef, 0xbb, 0xbf, 0x61])
  expect([...(parseBytesAs('text', formatBytesAs('text', mark)) ?? [])]).toEqual([...mark])
})

test('hex and base64 are taken as people have them, and what is none is refused', () => {
  expect([...(parseBytesAs('hex', '0x0A ff:00-01\n') ?? [])]).toEqual([10, 255, 0, 1])
  expect([...(parseBytesAs('base64', ' +/8=\n') ?? [])]).toEqual([251, 255])
  expect([...(parseBytesAs('base64', '-_8') ?? [])]).toEqual([251, 255])
  for (const [form, text] of [
    ['hex', '0'],
    ['hex', 'xy'],
    ['base64', 'a'],
    ['base64', 'ä'],
  ] as const) {
    expect(parseBytesAs(form, text)).toBeUndefined()
  }
})
