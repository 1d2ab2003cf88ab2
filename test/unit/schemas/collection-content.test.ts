import { withContent } from '@halibut-gateway/schemas/collection'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const sent = (...args: unknown[]) => withContent(args, text => new TextEncoder().encode(text))

test('the content of a data stream is sent as its bytes, and all else as it is', () => {
  expect(sent('a', { Name: 'n', Content: { $text: 'hé' } }, [{ $base64: '+/8=' }, { $base64: '-_8' }])).toEqual([
    'a',
    { Name: 'n', Content: new Uint8Array([0x68, 0xc3, 0xa9]) },
    [new Uint8Array([0xfb, 0xff]), new Uint8Array([0xfb, 0xff])],
  ])
  const others = [{ $text: 1 }, { $text: 'a', more: 1 }, { $base64: 'no base64!' }, { $file: 'notes.txt' }, null]
  expect(sent(...others)).toEqual(others)
  fc.assert(fc.property(fc.jsonValue(), value => void expect(sent(value)).toEqual([value])))
})
