import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunReport } from '@halibut-gateway/schemas/collection'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createClient } from '../../client-sdk/src/index.ts'
import { createFleet } from '../support/command-fleet.ts'
import type { RunningCommand } from '../support/command-line.ts'
import { nodeWebSocket } from '../support/node-websocket.ts'

let fleet: Awaited<ReturnType<typeof createFleet>>
let calculators: RunningCommand
beforeAll(async () => {
  fleet = await createFleet('listening')
  calculators = fleet.startAgent('sums-1', ['--listen', '127.0.0.1:0'])
  const { id: agent = '', uri = '', thumbprint = '' } = await calculators.firstJson
  const [url = '', token = ''] = fleet.address.split('#token=')
  const client = createClient({ url, token, webSocket: nodeWebSocket })
  await client.request('agents.add', { agent, uri, thumbprint, services: ['ICalculatorService'], tags: ['calculators'] })
  client.close()
}, 60_000)
afterAll(async () => {
  await calculators[Symbol.asyncDispose]()
  await fleet[Symbol.asyncDispose]()
})

const document = readFileSync(join(import.meta.dirname, '../../schemas/SAVED-CALLS.md'), 'utf8')
const [, example = ''] = /<!-- example -->\n```json\n(.*?)```\n<!-- \/example -->/s.exec(document) ?? []

/** A file of this folder. */
async function fileOf(name: string, content: string | object): Promise<string> {
  const path = join(fleet.folder, name)
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

test('the example of SAVED-CALLS.md runs, and a value of another run changes what is sent and what is expected', async () => {
  const path = await fileOf('example.json', example)
  const password = await fileOf('password', 'open sesame\n')
  const { code, out, err } = await fleet.run('call', '--saved', path, '--set', 'who=Grace', '--set-file', `password=${password}`)
  expect([code, err]).toEqual([0, ''])
  expect(out).toMatch(/^passed {2}Greets at web-1, \d+ ms\npassed {2}Adds at web-1, /)
  expect(out).toMatch(/passed {2}Does not divide by zero at sums-1, \d+ ms\n5 passed, 0 failed\n$/)
  const { out: json } = await fleet.run('call', '--saved', path, '--set', 'who=Grace', '--set-file', `password=${password}`, '--json')
  const report = JSON.parse(json) as RunReport
  expect(report).toMatchObject({ collection: 'Smoke test', passed: true, left: 0 })
  expect(report.calls[0]).toMatchObject({ seen: { at: 'answered', value: 'Hello Grace, this is web-1' }, verdicts: [{}, {}, {}] })
  // What is a secret comes back in the answer, and is told nowhere.
  expect(report.calls[3]).toMatchObject({ seen: { value: 'Hello •••, this is web-1' } })
  expect(out + json).not.toContain('sesame')
})

test('an assertion that does not hold has an exit code of its own, and tells what was expected, seen and where', async () => {
  const path = await fileOf(
    'broken.json',
    example.replace('"equals": 42', '"equals": 43').replace('"$.Tags[-1]", "equals": "friends"', '"$.Tags[*]", "equals": "food"'),
  )
  const only = ['--only', 'Adds', '--only', 'Gives an appointment back']
  const { code, out } = await fleet.run('call', '--saved', path, ...only)
  expect(code).toBe(12)
  expect(out).toMatch(/^FAILED {2}Adds at web-1, \d+ ms\n {8}\$ equals 43: expected 43, seen "42"\n/)
  expect(out).toContain('        $.Tags[*] equals "food": expected "food", seen "friends" at $.Tags[1]\n0 passed, 2 failed\n')
  const stopped = await fleet.run('call', '--saved', path, ...only, '--stop-at-failure', '--json')
  expect(stopped.code).toBe(12)
  expect(JSON.parse(stopped.out)).toMatchObject({ passed: false, left: 1, calls: [{ name: 'Adds' }] })
})

test('a call that is not answered fails, whatever else is asserted, and a gateway that is not there ends the run', async () => {
  const path = await fileOf('nobody.json', example.replace('"value": "web-1"', '"value": "web-9"'))
  const { code, out } = await fleet.run('call', '--saved', path, '--only', 'Adds')
  expect(code).toBe(12)
  expect(out).toContain('        it is answered: expected an answer, seen agent_not_found: ')
  const lost = await fleet.run('call', '--saved', path, '--only', 'Adds', '--url', 'http://127.0.0.1:1/')
  expect([lost.code, lost.out]).toEqual([4, ''])
})

test('the content of a data stream goes up, and one in an answer is told by its length', async () => {
  const path = await fileOf('streams.json', {
    format: 'halibut-gateway-collection',
    version: 1,
    name: 'Streams',
    variables: { what: { value: 'stream' } },
    calls: [
      {
        name: 'Uploads',
        agent: 'web-1',
        service: 'IFileStoreService',
        method: 'Upload',
        args: ['saved.txt', { $text: 'hello, {{what}}' }],
        assertions: [{ path: '$.Length', equals: 13 }],
      },
      {
        name: 'Downloads',
        agent: 'web-1',
        service: 'IFileStoreService',
        method: 'Download',
        args: ['saved.txt'],
        assertions: [{ path: '$.dataStream.length', equals: 13 }],
      },
    ],
  })
  expect(await fleet.run('call', '--saved', path)).toMatchObject({ code: 0 })
})

test('a file, a variable and a name that are not acceptable are told with place and reason, and nothing is called', async () => {
  const path = await fileOf('example.json', example)
  const bad = await fileOf('bad.json', example.replace('"version": 1', '"version": 1, "hook": "x"').replace('"IEchoService"', '7'))
  const run = async (...more: string[]) => {
    const { code, out, err } = await fleet.run('call', '--saved', ...more)
    expect([code, out]).toEqual([2, ''])
    return err
  }
  expect(await run(bad)).toMatch(
    /bad\.json: \/hook: is not known here\n.*bad\.json: \/calls\/0\/service: expected a string of 1 to 256 characters\n/,
  )
  expect(await run(path, '--only', 'Nothing')).toContain('the file has no call Nothing\n  it has Greets, Adds, ')
  expect(await run(path, '--set', 'what=1')).toContain('the file has no variable what\n  it has agent, who, summand, password')
  expect(await run(path, '--set', 'who')).toContain('write it as --set name=value')
  const secret = await run(path, '--set', 'password=sesame')
  expect(secret).toContain('say --set-file password=path')
  expect(secret).not.toContain('sesame')
})
