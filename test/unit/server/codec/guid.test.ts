import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { guidFromBytes, guidToBytes, isGuid } from '../../../../server/src/codec/guid.ts'

const text = '00112233-4455-6677-8899-aabbccddeeff'
const hex = '33221100554477668899aabbccddeeff'

test('a GUID has its first three groups little-endian', () => {
  expect(guidToBytes(text).toString('hex')).toBe(hex)
  expect(guidToBytes(text.toUpperCase()).toString('hex')).toBe(hex)
  expect(guidFromBytes(Buffer.from(`ff${hex}`, 'hex'), 1)).toBe(text)
})

test('any GUID comes back', () => {
  for (let i = 0; i < 1000; i++) {
    const guid = randomUUID()
    expect(guidFromBytes(guidToBytes(guid))).toBe(guid)
  }
})

test.each(['', 'x', text.slice(1), `${text}0`, text.replace('a', 'g'), text.replace('-', '0'), `{${text}}`, text.replace('f', 'é')])(
  'is no GUID: %s',
  wrong => {
    expect(isGuid(wrong)).toBe(false)
    expect(() => guidToBytes(wrong)).toThrow('is not a GUID')
  },
)

test('fewer than 16 bytes are no GUID', () => {
  expect(() => guidFromBytes(Buffer.alloc(15))).toThrow('a GUID has 16 bytes, not 15')
  expect(isGuid(text)).toBe(true)
})
