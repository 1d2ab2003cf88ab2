import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { dataStream, int64, method, nothing, service, string } from '@halibut-gateway/schemas/contract'
import { expect, test } from 'vitest'
import { DataStream } from '../../server/src/codec/data-stream.ts'
import { createRealGateway } from '../support/real-gateway.ts'

const readme = readFileSync(new URL('../../client-sdk/README.md', import.meta.url), 'utf8')
const folder = resolve(import.meta.dirname, '../.results')
const tools = service('IToolService', {
  Add: method(
    [
      ['a', int64],
      ['b', int64],
    ],
    int64,
  ),
  Fail: method([['message', string]], nothing),
  Read: method([['bytes', int64]], dataStream),
  Count: method([['content', dataStream]], int64),
})

test('the code of the client’s README prints what it says, one block after the other', async () => {
  const code = [...readme.matchAll(/```js\n([\s\S]*?)```/g)].map(([, block]) => block).join('\n')
  const expected = [...code.matchAll(/console\.log\(.*\) \/\/ (.*)$/gm)].map(([, line]) => line)
  expect(expected.length).toBeGreaterThan(8)
  await using gateway = await createRealGateway({
    contracts: [tools],
    host: agent =>
      agent.addService(tools, {
        Add: (a, b) => a + b,
        Fail: message => {
          throw new Error(message)
        },
        Read: bytes => DataStream.fromBytes(new Uint8Array(Number(bytes))),
        Count: async content => BigInt((await content.bytes()).byteLength),
      }),
  })
  mkdirSync(folder, { recursive: true })
  const program = resolve(folder, `readme-${process.pid}.mjs`)
  const preamble = "import { WebSocket } from 'ws'\nglobalThis.WebSocket = WebSocket\n"
  writeFileSync(program, preamble + code.replaceAll('https://gateway.example', gateway.origin).replaceAll('hgw_…', gateway.token))
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [program])
    expect(stdout.trim().split('\n')).toEqual(expected)
  } finally {
    rmSync(program)
  }
})
