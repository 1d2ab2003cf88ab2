import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { DataStream } from '../../../../server/src/codec/data-stream.ts'
import { pattern } from '../../../support/stream-sections.ts'

async function folder() {
  const path = await mkdtemp(join(tmpdir(), 'data-stream-'))
  return { file: join(path, 'file'), [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}

describe('producers', () => {
  test('bytes, text as UTF-8 without a mark, iterables', async () => {
    expect(await DataStream.fromBytes(Uint8Array.of(1, 2)).bytes()).toEqual(Buffer.of(1, 2))
    const text = DataStream.fromString('£1')
    expect(text.length).toBe(3)
    expect(await text.text()).toBe('£1')
    const pieces = DataStream.fromIterable(4, () => [Buffer.from('ab'), Buffer.from('cd')])
    expect(await pieces.text()).toBe('abcd')
    expect(await DataStream.fromBytes(new Uint8Array(0)).bytes()).toHaveLength(0)
  })

  test('a file', async () => {
    await using world = await folder()
    const content = pattern(1, 600_000)
    await writeFile(world.file, content)
    const stream = await DataStream.fromFile(world.file)
    expect(stream.length).toBe(600_000)
    expect((await stream.bytes()).equals(content)).toBe(true)
  })

  test('a producer is closed when its reader fails, and the reader’s error is told', async () => {
    let closed = false
    const stream = DataStream.fromIterable(4, async function* () {
      try {
        for (;;) yield Buffer.from('ab')
      } finally {
        closed = true
      }
    })
    await expect(stream.bytes(5)).rejects.toMatchObject({ kind: 'message_too_large' })
    expect(closed).toBe(true)
  })

  test('ids are fresh GUIDs, lengths whole numbers', () => {
    const [a, b] = [DataStream.fromString('a'), DataStream.fromString('a')]
    expect(a.id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    expect(a.id).not.toBe(b.id)
    for (const length of [-1, 1.5, Number.NaN, 2 ** 53]) {
      expect(() => new DataStream(length, undefined)).toThrow(expect.objectContaining({ kind: 'invalid_argument' }))
    }
  })
})

describe('read once', () => {
  const consumed = { kind: 'stream_consumed', message: 'This stream has already been received once, and it cannot be read again.' }

  test('D10 the second reader gets the reference’s text, and the file of the first stays as it is', async () => {
    await using world = await folder()
    const stream = DataStream.fromString('content')
    await stream.saveTo(world.file)
    await expect(stream.text()).rejects.toMatchObject(consumed)
    await expect(stream.saveTo(world.file)).rejects.toMatchObject(consumed)
    expect(await readFile(world.file, 'utf8')).toBe('content')
  })

  test('a discarded stream cannot be read, and its source is told once', async () => {
    let discards = 0
    const stream = new DataStream(1, { pump: () => Promise.resolve(), discard: () => void discards++ })
    stream.discard()
    stream.discard()
    expect([stream.consumed, discards]).toEqual([true, 1])
    await expect(stream.text()).rejects.toMatchObject(consumed)
  })

  test('a stream without content says so', async () => {
    await expect(new DataStream(1, undefined).text()).rejects.toMatchObject({ kind: 'stream_failed' })
  })
})

test('chunks that do not stay as they are are copied on their way to a file', async () => {
  await using world = await folder()
  await writeFile(world.file, 'what was there before, and longer')
  const shared = Buffer.alloc(2)
  const stream = new DataStream(6, {
    async pump(sink) {
      for (const text of ['ab', 'cd', 'ef']) {
        shared.write(text)
        const wait = sink(shared)
        shared.fill(0xee)
        await wait
      }
    },
  })
  await stream.saveTo(world.file)
  expect(await readFile(world.file, 'utf8')).toBe('abcdef')
})
