import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { HalibutError } from '../../server/src/base/errors.ts'
import { type BsonTree, decodeTree, elementAt } from '../support/bson-tree.ts'
import { addSampleServices } from '../support/sample-services.ts'
import { createHost } from '../support/service-calls.ts'

// The requests of accepts.json whose bytes are recorded, given to our services. Recorded with the .NET reference: see README.md.

interface Case {
  readonly id: string
  readonly direction: string
  readonly description: string
  readonly outcome: 'accepted' | 'rejected'
  readonly how: string
  readonly observed: string
  readonly inflatedHex?: string
}

// The recording process ran at UTC+10:00, and text without an offset is local time.
process.env['TZ'] = 'Etc/GMT-10'

/** Of the reference’s own types the assembly does not matter to us, and of no type the version: peers of other versions name others. */
const acceptedByUs = new Set([
  'type-list-system-runtime',
  'type-list-system-core',
  'type-hashset-mscorlib',
  'type-person-full-wrong-version',
  'root-versioned',
])

const { cases } = JSON.parse(readFileSync(new URL('accepts.json', import.meta.url), 'utf8')) as { cases: Case[] }
const requests = cases.filter(each => each.direction === 'scripted listening client -> reference service' && each.inflatedHex !== undefined)

const sample = createHost()
addSampleServices((contract, implementation, options) => sample.host.add(contract, implementation, options))

test('there are 209 recorded requests', () => {
  expect(requests).toHaveLength(209)
})

for (const { id, description, how, observed, inflatedHex = '' } of requests) {
  const document = Buffer.from(inflatedHex, 'hex')
  if (acceptedByUs.has(id)) {
    test(`${id}: ${description} is answered, unlike by the reference service`, async () => {
      const call = sample.receive(document)
      const response = call && (await sample.host.handle(call))
      expect(response && sample.read(response).error).toBeNull()
    })
    continue
  }
  if (how === 'connection-closed' && observed.startsWith('service log: ')) {
    test(`${id}: ${description} closes the connection`, () => {
      expect(() => sample.receive(document)).toThrow(HalibutError)
    })
    continue
  }
  test(`${id}: ${description} is answered as by the reference service`, async () => {
    const call = sample.receive(document)
    if (call === null) {
      expect(observed).toBe('connection end without an answer; no error logged')
      return
    }
    const response = await sample.host.handle(call)
    if (how === 'error-response') {
      const { error } = sample.read(response)
      expect(`${error?.type ?? 'no type'}: ${error?.message}`).toBe(observed)
      return
    }
    const result = elementAt(decodeTree(response.document), 'Message', 'result')
    const [, name, member] = /^(\w+) = (.*) in the echoed object$/s.exec(observed) ?? []
    const [type, , value] = name === undefined ? result : elementAt(result[2] as BsonTree, name)
    expect(typeof value === 'string' && name === undefined ? value : typedJson(type, value)).toBe(member ?? observed.replace(/^result /, ''))
  })
}

/** The notation of documents in README.md. */
function typedJson(type: number, value: BsonTree | Buffer | string): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (!Buffer.isBuffer(value)) throw new Error('expected a scalar')
  switch (type) {
    case 0x01:
      return JSON.stringify({ double: String(value.readDoubleLE()) })
    case 0x05:
      return JSON.stringify({ binary: value.toString('hex', 5), subtype: value[4] })
    case 0x08:
      return String(value[0] === 1)
    case 0x09:
      return JSON.stringify({ date: String(value.readBigInt64LE()) })
    case 0x0a:
      return 'null'
    case 0x10:
      return JSON.stringify({ int32: value.readInt32LE() })
    default:
      return JSON.stringify({ int64: String(value.readBigInt64LE()) })
  }
}
