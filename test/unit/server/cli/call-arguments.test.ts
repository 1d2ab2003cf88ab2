import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { callArgument } from '../../../../server/src/cli/call-arguments.ts'

test.each([
  ['1', 1],
  ['-2.5e3', -2500],
  ['true', true],
  ['null', null],
  ['"1"', '1'],
  ['Ada Lovelace', 'Ada Lovelace'],
  ['{"Title":"x"}', { Title: 'x' }],
  ['{"Title":', '{"Title":'],
  ['', ''],
  ['@@home', '@home'],
  ['9007199254740993', '9007199254740993'],
  ['[9007199254740993,-9007199254740993,1]', ['9007199254740993', '-9007199254740993', 1]],
  ['{"n":9007199254740993,"t":"is 9007199254740993"}', { n: '9007199254740993', t: 'is 9007199254740993' }],
  ['12345678901234567890.5', Number('12345678901234567890.5')],
])('%j is what a person means by it', async (text, value) => {
  expect(await callArgument(text)).toEqual(value)
})

test('a path is the content of its file, with its length; one that is none is told', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'call-'))
  try {
    const path = join(folder, 'notes.txt')
    await writeFile(path, 'hello')
    const upload = (await callArgument(`@${path}`)) as { stream: ReadableStream<Uint8Array>; length: number }
    expect(upload.length).toBe(5)
    expect(await new Response(upload.stream).text()).toBe('hello')
    await expect(callArgument(`@${folder}`)).rejects.toThrow('it is no file')
    await expect(callArgument(`@${path}x`)).rejects.toThrow('ENOENT')
  } finally {
    await rm(folder, { recursive: true })
  }
})
