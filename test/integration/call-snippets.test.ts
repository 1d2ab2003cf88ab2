import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { dataStream, dictionary, int64, method, service, string } from '@halibut-gateway/schemas/contract'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CallDraft } from '../../server/inspector/src/values/call-draft.ts'
import { type SnippetKind, snippetOf } from '../../server/inspector/src/values/snippets.ts'
import { createRealGateway, type RealGateway } from '../support/real-gateway.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))
const programs = join(root, 'node_modules/.bin')
const echo = service('IEcho', {
  Say: method(
    [
      ['text', string],
      ['count', int64],
      ['labels', dictionary(string, string)],
    ],
    string,
  ),
  Length: method([['content', dataStream]], string),
})

let gateway: RealGateway
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'snippets-'))
  gateway = await createRealGateway({
    contracts: [echo],
    host: agent =>
      agent.addService(echo, {
        Say: (text, count, labels) => JSON.stringify([text, `${count}`, labels]),
        Length: async content => {
          let bytes = 0
          for await (const chunk of content.stream()) bytes += chunk.byteLength
          return `${bytes} bytes`
        },
      }),
  })
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

/** Runs what is copied as it stands, and gives what it says. */
async function runSnippet(kind: SnippetKind, draft: CallDraft, cwd: string): Promise<string> {
  const snippet = snippetOf(kind, draft, `${gateway.origin}/`)
  if (!('text' in snippet)) throw new Error(snippet.problem)
  expect(snippet.text).not.toContain(gateway.token)
  const env = {
    ...process.env,
    PATH: `${programs}${delimiter}${process.env['PATH'] ?? ''}`,
    HALIBUT_GATEWAY_TOKEN: gateway.token,
  }
  const { stdout } =
    kind === 'SDK'
      ? await run(process.execPath, ['--input-type=module', '--no-warnings', '-e', snippet.text], { env, cwd })
      : await run('bash', ['-c', snippet.text], { env, cwd })
  return stdout
}

const args = [`it's "quoted" $HOME \`id\` \\ !\n✓`, '9007199254740993', { 'a b': '-- -1' }]

test.each(['curl', 'SDK', 'CLI'] as const)(
  'a call that is copied as %s runs as it stands, and is the same call',
  { timeout: 60_000 },
  async kind => {
    const draft = {
      agent: 'web-1',
      service: 'IEcho',
      method: 'Say(string,int64,dictionary<string,string>)',
      args,
      timeoutMs: 30_000,
      queueTimeoutMs: 30_000,
    }
    const said = await runSnippet(kind, draft, join(root, 'test'))
    const printed = kind === 'SDK' ? said.trim() : kind === 'CLI' ? JSON.parse(said) : JSON.parse(said).value
    expect(JSON.parse(printed)).toEqual(args)
  },
)

test.each(['SDK', 'CLI'] as const)('a call with a file that is copied as %s runs where the file lies', { timeout: 60_000 }, async kind => {
  const path = join(folder, 'my notes.txt')
  await writeFile(path, 'hello, file')
  const draft = { agent: 'web-1', service: 'IEcho', method: 'Length(dataStream)', args: [{ $file: path }] }
  expect(await runSnippet(kind, draft, join(root, 'test'))).toContain('11 bytes')
})
