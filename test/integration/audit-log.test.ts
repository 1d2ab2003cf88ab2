import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { methods } from '@halibut-gateway/schemas'
import { Value } from '@sinclair/typebox/value'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseHead } from '../../server/src/audit/signed-head.ts'
import { createFleet } from '../support/command-fleet.ts'
import { ask } from '../support/rest.ts'

type Fleet = Awaited<ReturnType<typeof createFleet>>
let fleet: Fleet
let root = ''
beforeAll(async () => {
  fleet = await createFleet('listening')
  root = await mkdtemp(join(tmpdir(), 'audit-log-'))
})
afterAll(async () => {
  await fleet[Symbol.asyncDispose]()
  await rm(root, { recursive: true })
})

interface Page {
  readonly entries: readonly {
    readonly sequence: number
    readonly who: string
    readonly action: string
    readonly agent?: string
    readonly outcome: string
    readonly facts?: object
  }[]
  readonly next?: string
}

async function asked(query: string): Promise<Page> {
  const [origin = '', token = ''] = fleet.address.split('/#token=')
  const { status, body } = await ask({ origin, token }, `GET /audit${query}`)
  expect(status, JSON.stringify(body)).toBe(200)
  expect([...Value.Errors(methods['audit.search'].result, body)]).toEqual([])
  return body as Page
}

test('who did what is found over HTTP by who, agent, action, outcome, time and text, a page at a time', async () => {
  const began = new Date().toISOString()
  await fleet.run('call', 'web-1', 'IEchoService', 'SayHello', 'Ada')
  await fleet.run('call', 'nobody', 'IEchoService', 'SayHello', 'Ada')
  const calls = await asked(`?action=agent.invoke&from=${began}`)
  expect(calls.entries.map(({ agent, outcome, facts }) => [agent, outcome, facts])).toEqual([
    ['nobody', 'agent_not_found', { service: 'IEchoService', method: 'SayHello' }],
    ['web-1', 'done', { service: 'IEchoService', method: 'SayHello' }],
  ])
  const sequences = ({ entries }: Page): number[] => entries.map(({ sequence }) => sequence)
  expect(sequences(await asked('?outcome=failed&agent=nobody'))).toEqual([calls.entries[0]?.sequence])
  expect(sequences(await asked('?text=ECHOSERVICE&agent=web-1'))).toEqual([calls.entries[1]?.sequence])
  expect(await asked(`?to=${began}&action=agent.invoke`)).toEqual({ entries: [] })
  const all: number[] = []
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    const page: Page = await asked(`?limit=2&to=${new Date(Date.now() + 60_000).toISOString()}${cursor === '' ? '' : `&cursor=${cursor}`}`)
    all.push(...sequences(page))
    cursor = page.next
  }
  // Reading writes entries too, in front of those that were read.
  const newest = all[0] ?? 0
  expect(all).toEqual(Array.from({ length: newest }, (_, index) => newest - index))
})

test('what cannot be looked for is told with its place', async () => {
  const [origin = '', token = ''] = fleet.address.split('/#token=')
  for (const [query, path] of [
    ['from=yesterday', '/from'],
    ['to=2026-13-41', '/to'],
    ['cursor=x', '/cursor'],
    ['cursor=MDA', '/cursor'],
    ['limit=0', '/limit'],
    ['verb=x', '/verb'],
  ]) {
    const { status, body } = await ask({ origin, token }, `GET /audit?${query}`)
    expect([query, status, (body as { errors: { path: string }[] }).errors.map(each => each.path)]).toEqual([query, 422, [path]])
  }
})

test('reading the log is in the log, with what was looked for', async () => {
  await asked('?who=eve&agent=web-7')
  const [latest] = (await asked('?action=audit.search&agent=web-7')).entries
  expect(latest).toMatchObject({ action: 'audit.search', agent: 'web-7', outcome: 'done', facts: { who: 'eve' } })
})

test('the command line searches, exports and verifies the log, and tells its signed head', async () => {
  const found = await fleet.run('audit', 'search', '--action', 'gateway.started', '--json')
  expect([found.code, found.out.trim().split('\n').length]).toEqual([0, 2])
  expect((await fleet.run('audit', 'search', '--limit', '3')).out.trim().split('\n')).toHaveLength(4)
  const [headFile, exported] = [join(root, 'log.head'), join(root, 'log.jsonl')]
  const head = await fleet.run('audit', 'head')
  await writeFile(headFile, head.out)
  const { sequence, thumbprint } = parseHead(head.out)
  expect((await fleet.run('audit', 'export', fleet.stateFolder, '--output', exported)).code).toBe(0)
  for (const path of [fleet.stateFolder, exported]) {
    const verified = await fleet.run('audit', 'verify', path, '--head', headFile, '--json')
    expect([verified.code, verified.err]).toEqual([0, ''])
    const told = JSON.parse(verified.out) as { ok: boolean; first: number; last: number; signers: string[] }
    expect([told.ok, told.first, told.last >= sequence, told.signers]).toEqual([true, 1, true, [thumbprint]])
  }
  expect((await fleet.run('audit', 'verify', exported)).out).toContain(`signed by ${thumbprint}: compare that`)
  const lines = (await readFile(exported, 'utf8')).trimEnd().split('\n')
  const cases: [string, string[]][] = [
    ['changed', lines.with(3, (lines[3] ?? '').replace('"who', '"whom'))],
    ['missing', lines.toSpliced(4, 1)],
    ['missing', lines.with(2, lines[3] ?? '').with(3, lines[2] ?? '')],
    ['cut-off', lines.slice(0, -1)],
    ['cut-off', lines.toSpliced(-2, 1)],
  ]
  for (const [finding, changed] of cases) {
    await writeFile(exported, `${changed.join('\n')}\n`)
    const verified = await fleet.run('audit', 'verify', exported)
    expect([verified.code, verified.out]).toEqual([11, expect.stringMatching(new RegExp(`: ${finding}: .*entry \\d+`))])
  }
  await writeFile(exported, 'a text\n')
  expect(await fleet.run('audit', 'verify', exported)).toMatchObject({
    code: 2,
    err: expect.stringContaining('no audit log that was exported'),
  })
  expect(await fleet.run('audit', 'verify', join(root, 'nothing'))).toMatchObject({
    code: 2,
    err: expect.stringContaining('cannot be read'),
  })
})
