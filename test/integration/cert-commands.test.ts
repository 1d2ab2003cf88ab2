import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { toPfx } from '../../server/src/runtime/certificates.ts'
import { testIdentity } from '../support/certificates.ts'
import { createFleet } from '../support/command-fleet.ts'

const placeholder = 'A'.repeat(40)

test('the gateway gets another certificate from the command line, which says who depends on the old one and refuses to retire it', {
  timeout: 60_000,
}, async () => {
  await using fleet = await createFleet('listening')
  const { run, folder } = fleet
  const shown = async () =>
    JSON.parse((await run('cert', 'show', '--json')).out) as { certificates: { thumbprint: string; state: string }[] }
  const old = (await shown()).certificates[0]?.thumbprint ?? ''
  expect((await run('cert', 'show')).out).toMatch(
    new RegExp(`^THUMBPRINT +STATE +PORTS +DEPENDENTS +ADDED +VALID UNTIL\n${old} +present +\\d+ `),
  )
  const made = await run('cert', 'new', '--name', 'Second')
  const next = (await shown()).certificates.find(({ state }) => state === 'next')?.thumbprint ?? ''
  expect([made.code, made.err, made.out]).toEqual([0, '', expect.stringMatching(new RegExp(`^${next} +next +\\d+ `, 'm'))])
  expect(await run('cert', 'new')).toMatchObject({ code: 2, err: expect.stringContaining('no more than two are presented at a time') })
  let depends = ''
  while (!depends.includes('web-1')) depends = (await run('cert', 'agents', '--depends-on', old)).out
  expect(depends).toMatch(new RegExp(`^AGENT +ACCEPTS +LAST SEEN\nweb-1 +${old} `))
  expect(JSON.parse((await run('cert', 'agents', '--json')).out)).toMatchObject([{ agent: 'web-1', now: [old] }])
  expect((await fleet.runOnTerminal(true, 'cert', 'show')).err).toBe(
    `when the agents that are to be kept accept it: halibut-gateway cert promote ${next}\nwhich accepts which: halibut-gateway cert agents\n`,
  )
  expect(await run('cert', 'promote', next.toLowerCase())).toMatchObject({ code: 0, err: '' })
  expect((await fleet.runOnTerminal(true, 'cert', 'show')).err).toContain(
    `when no agent depends on it: halibut-gateway cert retire ${old}\n`,
  )
  expect(await run('cert', 'promote', placeholder)).toMatchObject({ code: 6 })
  const refused = await run('cert', 'retire', old)
  expect([refused.code === 0, refused.err]).toEqual([false, expect.stringContaining('web-1 accepted no other one when last seen')])
  expect(refused.err).toContain(`or give them up: halibut-gateway cert retire ${old} --expect web-1\n`)
  expect(await run('cert', 'retire', old, '--expect', 'web-1')).toMatchObject({ code: 0, err: '' })
  expect((await shown()).certificates.map(({ thumbprint, state }) => [thumbprint, state])).toEqual([
    [next, 'present'],
    [old, 'retired'],
  ])

  const [pfx, password] = [join(folder, 'third.pfx'), join(folder, 'password')]
  await writeFile(pfx, await toPfx(testIdentity('third'), 'hunter2'))
  await writeFile(password, 'hunter2\n')
  expect(await run('cert', 'import', pfx)).toMatchObject({ out: '', err: expect.stringContaining(pfx) })
  const imported = await run('cert', 'import', pfx, '--password-file', password, '--json')
  expect([imported.code, imported.out.includes(testIdentity('third').thumbprint), imported.out.includes('PRIVATE')]).toEqual([
    0,
    true,
    false,
  ])
  expect(await run('cert', 'import', pfx, '--password-file', join(folder, 'none'))).toMatchObject({ code: 2 })
})

test('certificates of agents are discovered, rotated, kept and pinned from the command line', { timeout: 60_000 }, async () => {
  await using fleet = await createFleet('listening')
  const { run } = fleet
  const { uri = '', thumbprint = '' } = fleet.entry
  expect((await run('trust', 'discover', uri)).out).toMatch(
    new RegExp(`^thumbprint +${thumbprint}\nSHA-256 +[0-9A-F]{64}\nsubject +.+\nissuer +`),
  )
  expect((await fleet.runOnTerminal(true, 'trust', 'discover', uri)).err).toBe(
    `if the machine itself tells ${thumbprint}: halibut-gateway trust discover ${uri} --expect ${thumbprint} --id '<id>'\n`,
  )
  expect(await run('trust', 'discover', uri, '--id', 'web-2')).toMatchObject({ code: 2, err: expect.stringContaining('--expect') })
  const other = await run('trust', 'discover', uri, '--id', 'web-2', '--expect', placeholder)
  expect([other.code === 0, other.err]).toEqual([false, expect.stringContaining(`presents ${thumbprint}, not ${placeholder}`)])
  expect(await run('trust', 'discover', uri, '--id', 'web-2', '--expect', thumbprint)).toMatchObject({
    code: 0,
    out: `web-2 is added, pinned to ${thumbprint}\n`,
  })
  expect((await run('trust', 'discover', 'https://169.254.169.254/')).err).toContain('link-local')
  expect((await run('trust', 'rotate', 'web-2', '--next', placeholder)).out).toBe(
    `web-2 has ${thumbprint} and may come with ${placeholder}\n`,
  )
  expect(await run('trust', 'keep', 'web-2', 'B'.repeat(40))).toMatchObject({ code: 2 })
  expect((await run('trust', 'keep', 'web-2', thumbprint)).out).toBe(`web-2 has the certificate ${thumbprint}\n`)
  expect((await run('trust', 'repin', 'web-2', '--expect', placeholder)).err).toContain('no other certificate than the pinned one was seen')
  expect(await run('trust', 'rotate', 'nobody', '--next', placeholder)).toMatchObject({ code: 6 })
  expect(await run('trust', 'hold', 'web-2')).toMatchObject({ code: 6, err: expect.stringContaining('no two machines poll as web-2') })
  expect(await run('trust', 'release', 'web-2', '10.0.0.7')).toMatchObject({ code: 6 })
  expect((await run('trust', 'list')).out).toContain(`${thumbprint} `)
  // What is pinned wrongly is told with what is there, how often and since when, and pinned to that when somebody has compared it.
  expect((await run('agents', 'add', 'web-3', '--uri', uri, '--thumbprint', placeholder)).code).toBe(0)
  const seen = async () =>
    JSON.parse((await run('agents', 'get', 'web-3', '--json')).out) as { state: string; reason: string; mismatch?: { thumbprint: string } }
  let agent = await seen()
  while (agent.mismatch === undefined) agent = await seen()
  expect(agent).toMatchObject({ state: 'untrusted', mismatch: { thumbprint, count: expect.any(Number), firstSeen: expect.any(String) } })
  expect(agent.reason).toContain(thumbprint)
  expect(agent.reason).toContain(placeholder)
  expect((await run('trust', 'repin', 'web-3', '--expect', 'B'.repeat(40))).err).toContain(`${thumbprint} was seen there last`)
  expect((await run('trust', 'repin', 'web-3', '--expect', thumbprint)).out).toBe(`web-3 has the certificate ${thumbprint}\n`)
})

test('decisions about who knocks are put off, denied, listed, taken back and forgotten from the command line', {
  timeout: 60_000,
}, async () => {
  await using fleet = await createFleet('listening')
  const { run } = fleet
  await using stranger = fleet.startAgent('web-9', ['--poll', fleet.agentAddress])
  const { thumbprint = '' } = await stranger.firstJson
  const pending = async (): Promise<string> => {
    for (;;) {
      const { pending: listed } = JSON.parse((await run('trust', 'pending', '--json')).out) as { pending: { id: string }[] }
      if (listed[0]) return listed[0].id
    }
  }
  const id = await pending()
  expect((await run('trust', 'later', id, '--hours', '72')).out).toMatch(new RegExp(`^${id} waits until \\d{4}-`))
  expect(await run('trust', 'later', id, '--hours', '0')).toMatchObject({ code: 2 })
  expect((await run('trust', 'expire', id)).out).toBe(`${id} is forgotten until it knocks again\n`)
  expect((await run('trust', 'deny', await pending(), '--reason', 'not ours')).code).toBe(0)
  expect((await run('trust', 'denied')).out).toMatch(new RegExp(`^${thumbprint} .* not ours$`, 'm'))
  expect(await run('trust', 'restore', thumbprint)).toMatchObject({
    code: 0,
    out: `${thumbprint} is neither denied nor revoked any more\n`,
  })
  expect(await run('trust', 'restore', thumbprint)).toMatchObject({ code: 6 })
  expect(await run('trust', 'denied', '--json')).toMatchObject({ out: '[]\n' })
})
