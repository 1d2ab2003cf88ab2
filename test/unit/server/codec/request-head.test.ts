import { expect, test } from 'vitest'
import { encodeRequest } from '../../../../server/src/codec/envelope.ts'
import { requestIdIn } from '../../../../server/src/codec/request-head.ts'
import { encodeTree } from '../../../support/bson-tree.ts'

const head = { id: 'IEcho::SayHelloAsync[1] / 7', activityId: '00112233-4455-6677-8899-aabbccddeeff', service: 'IEcho', method: 'SayHello' }
const { document } = encodeRequest(head, undefined, ['x'.repeat(10_000)], {})

test('a request’s id is found in its first bytes, from where it is there on', () => {
  const found = Array.from({ length: 1_024 }, (_, length) => requestIdIn(document.subarray(0, length)))
  const from = found.indexOf(head.id)
  expect(from).toBe(document.indexOf(head.id) + head.id.length + 1)
  expect(new Set(found.slice(0, from))).toEqual(new Set([undefined]))
  expect(new Set(found.slice(from))).toEqual(new Set([head.id]))
  expect(requestIdIn(document)).toBe(head.id)
})

test('what is no request has none', () => {
  const far = encodeTree([
    [
      0x03,
      'Message',
      [
        [0x02, 'other', 'x'.repeat(2_000)],
        [0x02, 'id', 'r'],
      ],
    ],
  ])
  const other = encodeTree([[0x03, 'Massage', [[0x02, 'id', 'r']]]])
  const number = encodeTree([[0x03, 'Message', [[0x10, 'id', Buffer.alloc(4)]]]])
  for (const bytes of [far, other, number, Buffer.alloc(1_024), Buffer.alloc(1_024, 0xff)]) expect(requestIdIn(bytes)).toBeUndefined()
})
