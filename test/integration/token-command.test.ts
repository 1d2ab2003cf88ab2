import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type CommandEnd, runCommand, startCommand } from '../support/command-line.ts'

const tokenForm = /^hgw_([0-9a-f]{16})_[A-Za-z0-9_-]{43}$/

async function createFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'token-command-'))
  const state = join(folder, 'state')
  return {
    state,
    serve: (...more: string[]) =>
      startCommand(['serve', '--no-demo', '--port', '0', '--agent-port', '0', '--state-folder', state, '--log-level', 'error', ...more]),
    here: (...args: string[]): Promise<CommandEnd> => runCommand(['token', ...args, '--state-folder', state]),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  }
}

/** A gateway that has started, and how to ask it with a token. */
async function started({ serve }: Awaited<ReturnType<typeof createFolder>>) {
  const running = serve('--json')
  const { address = '' } = await running.firstJson
  const [url = '', token] = address.split('#token=')
  return {
    url,
    token,
    ask: (as: string, ...args: string[]) => runCommand(args, { HALIBUT_GATEWAY_URL: url, HALIBUT_GATEWAY_TOKEN: as }),
    stop: async () => {
      running.signal()
      await running.ended
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  }
}

test('the first start shows a token for an admin, which goes on to open the gateway and is shown by no other start', async () => {
  await using folder = await createFolder()
  const first = await started(folder)
  const { token = '' } = first
  expect(token).toMatch(tokenForm)
  expect(await first.ask(token, 'agents', 'list')).toMatchObject({ code: 0 })
  await first.stop()
  await using second = await started(folder)
  expect(second.token).toBeUndefined()
  expect(await second.ask(token, 'token', 'list')).toMatchObject({ code: 0, out: expect.stringMatching(/ admin +admin +valid +gateway /) })
})

test('a start says to a person how to open the page: with the token of the first one, later with their own, and how to get one', async () => {
  await using folder = await createFolder()
  const told = async (): Promise<string> => {
    const running = folder.serve()
    for (;;) {
      const { out } = running.written()
      if (out.includes('Ctrl-C ends everything')) {
        running.signal()
        await running.ended
        return out
      }
      await new Promise(setImmediate)
    }
  }
  const [first, second] = [await told(), await told()]
  expect(first).toMatch(/page +http:\/\/127\.0\.0\.1:\d+\/#token=hgw_/)
  expect(first).toContain('which is told this once')
  expect(second).toMatch(/page +http:\/\/127\.0\.0\.1:\d+\/\n/)
  expect(second).toMatch(/halibut-gateway token create --name me --role admin --state-folder \/\S+\n/)
  expect(second).not.toContain('hgw_')
})

test('tokens are made, listed and revoked, each with its exit code; the secret is written once and is no argument', async () => {
  await using folder = await createFolder()
  await using gateway = await started(folder)
  const { ask, token: admin = '' } = gateway
  const made = await ask(admin, 'token', 'create', '--name', 'ci', '--role', 'operator', '--expires', '90d', '--agents', 'web-*,tag:ci')
  expect(made).toMatchObject({ code: 0, err: '' })
  const token = made.out.trim()
  const [, id = ''] = tokenForm.exec(token) ?? []
  expect(id).not.toBe('')
  const listed = await ask(admin, 'token', 'list')
  expect(listed.out).toMatch(
    new RegExp(`^${id} +ci +operator +valid +admin +\\d{4}-\\S+Z +never +\\[\\{"agents":\\["web-\\*","tag:ci"\\]\\}\\]$`, 'm'),
  )
  expect(listed.out).not.toContain(token.slice(21))
  const inJson = JSON.parse((await ask(admin, 'token', 'list', '--json')).out) as { name: string; expires?: string }[]
  const { expires } = inJson.find(({ name }) => name === 'ci') ?? {}
  expect(Math.abs(Date.parse(expires ?? '') - Date.now() - 90 * 86_400_000)).toBeLessThan(600_000)
  expect(await ask(token, 'token', 'list')).toMatchObject({ code: 5 })
  expect(await ask(admin, 'token', 'create', '--name', 'ci', '--role', 'viewer')).toMatchObject({ code: 2 })
  expect(await ask(admin, 'token', 'create', '--name', 'x', '--role', 'emperor')).toMatchObject({ code: 2 })
  expect(await ask(admin, 'token', 'create', '--name', 'x', '--role', 'viewer', '--expires', 'soon')).toMatchObject({ code: 2 })
  expect(await ask(admin, 'token', 'revoke', 'nobody')).toMatchObject({ code: 6 })
  const pasted = await ask(admin, 'token', 'revoke', token)
  expect(pasted).toMatchObject({ code: 2, err: expect.stringContaining('say its id or its name') })
  expect(pasted.err).not.toContain(token)
  expect(await ask(admin, 'token', 'revoke', 'ci')).toEqual({ code: 0, out: `ci (${id}) is worth nothing any more\n`, err: '' })
  expect(await ask(token, 'agents', 'list')).toMatchObject({ code: 5 })
})

test('whoever may read the state folder makes tokens where nobody has one, whether a gateway runs with it or not', async () => {
  await using folder = await createFolder()
  expect(await folder.here('list')).toMatchObject({ code: 2, err: expect.stringContaining('there is no state of a gateway in') })
  const first = await started(folder)
  const { token: lost = '' } = first
  const whileItRuns = await folder.here('create', '--name', 'again', '--role', 'admin')
  expect(whileItRuns).toMatchObject({ code: 0, err: '' })
  expect(await first.ask(whileItRuns.out.trim(), 'token', 'revoke', 'admin')).toMatchObject({ code: 0 })
  await first.stop()
  expect(await readdir(folder.state)).not.toContain('local-sign-in.json')

  const whileNothingRuns = await folder.here('create', '--name', 'offline', '--role', 'admin')
  expect(whileNothingRuns).toMatchObject({ code: 0, err: '' })
  expect(await folder.here('create', '--name', 'offline', '--role', 'admin')).toMatchObject({ code: 2 })
  expect(await folder.here('revoke', 'again')).toMatchObject({ code: 0 })
  expect(await folder.here('list', '--url', 'http://127.0.0.1:1/')).toMatchObject({ code: 2 })
  await using second = await started(folder)
  expect(second.token).toBeUndefined()
  const { out } = await second.ask(whileNothingRuns.out.trim(), 'token', 'list')
  expect(out).toMatch(/ offline +admin +valid +local /)
  expect(out).toMatch(/ again +admin +revoked +local /)
  for (const each of [lost, whileItRuns.out.trim()]) expect(await second.ask(each, 'agents', 'list')).toMatchObject({ code: 5 })
})

test('what signs in by the state folder is for its owner alone, and worth nothing after its run', async () => {
  await using folder = await createFolder()
  const first = await started(folder)
  const text = await readFile(join(folder.state, 'local-sign-in.json'), 'utf8')
  const { token } = JSON.parse(text) as { token: string }
  expect(await first.ask(token, 'token', 'list')).toMatchObject({ code: 0 })
  await first.stop()
  await using second = await started(folder)
  expect(await second.ask(token, 'token', 'list')).toMatchObject({ code: 5 })
})
