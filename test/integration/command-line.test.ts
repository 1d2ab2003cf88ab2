import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createClient } from '../../client-sdk/src/index.ts'
import { version } from '../../server/src/cli/version-text.ts'
import { createFleet } from '../support/command-fleet.ts'
import { runCommand, startCommand } from '../support/command-line.ts'
import { connectProxy, proxyAnswers } from '../support/connect-proxy.ts'
import { nodeWebSocket } from '../support/node-websocket.ts'

test('what serve and agent print is all that they need to know of each other, and call, agents and contracts work', {
  timeout: 60_000,
}, async () => {
  await using fleet = await createFleet('listening')
  const { run, folder } = fleet
  expect(await run('call', 'web-1', 'ICalculatorService', 'Add(int64,int64)', '9007199254740993', '1')).toEqual({
    code: 0,
    out: '"9007199254740994"\n',
    err: '',
  })
  expect((await run('call', 'web-1', 'IEchoService', 'SayHello', 'Ada')).out).toBe('"Hello Ada, this is web-1"\n')
  const json = JSON.parse((await run('call', 'web-1', 'IEchoService', 'SayHello', 'Ada', '--json')).out) as object
  expect(json).toMatchObject({ value: 'Hello Ada, this is web-1', signature: 'SayHello(string)', activityId: expect.any(String) })

  const notes = join(folder, 'notes.txt')
  await writeFile(notes, 'hello, stream')
  expect(JSON.parse((await run('call', 'web-1', 'IFileStoreService', 'Upload', 'n.txt', `@${notes}`)).out)).toMatchObject({ Length: '13' })
  expect(await run('call', 'web-1', 'IFileStoreService', 'Download', 'n.txt')).toEqual({ code: 0, out: 'hello, stream', err: '' })
  const copy = join(folder, 'copy.txt')
  expect(await run('call', 'web-1', 'IFileStoreService', 'Download', 'n.txt', '--output', copy)).toMatchObject({ code: 0, out: '' })
  expect(await readFile(copy, 'utf8')).toBe('hello, stream')
  expect((await readdir(folder)).filter(name => name.endsWith('.part'))).toEqual([])

  const list = await run('agents', 'list')
  expect(list.out).toMatch(
    /^ID +STATE +SINCE +MODE +FROM +ADDRESS +REASON\nweb-1 +connected +\S+ +listening +settings +https:\/\/127\.0\.0\.1:\d+\/ +\S.*\n$/,
  )
  expect(JSON.parse((await run('agents', 'list', '--json')).out)).toEqual([
    expect.objectContaining({ id: 'web-1', thumbprint: fleet.entry['thumbprint'] }),
  ])
  expect((await run('agents', 'get', 'web-1')).out).toContain(`thumbprint:   ${fleet.entry['thumbprint']}\n`)
  expect((await run('contracts', 'list')).out).toMatch(/^IEchoService +all +settings +SayHello\(string\)$/m)
  expect(JSON.parse((await run('contracts', 'get', 'IEchoService')).out)).toMatchObject({ service: 'IEchoService' })
})

test('an agent tells people where its contracts are, and contracts check finds nothing in them', { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sample-'))
  try {
    await using agent = startCommand(['agent', '--trust', 'A'.repeat(40), '--listen', '127.0.0.1:0', '--state-folder', folder])
    const printed = await agent.printed(/Ctrl-C/)
    expect(printed).toMatch(
      /^ {2}halibut-gateway agents add sample --uri https:\/\/127\.0\.0\.1:\d+\/ --thumbprint [0-9A-F]{40} --service \S+ /m,
    )
    const paths = printed.split('\n').flatMap(line => (/^ {2}halibut-gateway contracts add (\S+)$/.exec(line) ?? []).slice(1))
    expect(paths).toContain(join(folder, 'contracts/ICalculatorService.json'))
    for (const path of paths) expect(await runCommand(['contracts', 'check', path])).toMatchObject({ code: 0, err: '' })
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('an agent trusts every certificate that it is told, whether it listens or polls', { timeout: 60_000 }, async () => {
  await using fleet = await createFleet('listening')
  const { run, folder, agentAddress } = fleet
  const { thumbprint: own } = JSON.parse((await run('version', '--json')).out).gateway.agents as { thumbprint: string }
  const reaches = [
    ['--listen', '127.0.0.1:0'],
    ['--poll', agentAddress],
  ]
  for (const [i, reach] of reaches.entries()) {
    for (const [j, trusted] of [
      [own, 'A'.repeat(40)],
      ['A'.repeat(40), own],
    ].entries()) {
      const name = `other-${i}${j}`
      const trust = trusted.flatMap(each => ['--trust', each.toLowerCase()])
      await using agent = startCommand(['agent', ...trust, ...reach, '--name', name, '--state-folder', join(folder, name), '--json'])
      const { uri = '', thumbprint = '' } = await agent.firstJson
      expect((await run('agents', 'add', name, '--uri', uri, '--thumbprint', thumbprint, '--service', 'IEchoService')).code).toBe(0)
      expect((await run('call', name, 'IEchoService', 'SayHello', 'Ada')).out).toBe(`"Hello Ada, this is ${name}"\n`)
    }
  }
})

test('on a terminal a file that goes up or comes down shows how far it is, and where that is no terminal nothing of it', {
  timeout: 60_000,
}, async () => {
  await using fleet = await createFleet('listening')
  const { run, runOnTerminal, folder } = fleet
  const [big, copy] = [join(folder, 'big.bin'), join(folder, 'copy.bin')]
  await writeFile(big, randomBytes(2 * 1024 * 1024))
  const upload = ['call', 'web-1', 'IFileStoreService', 'Upload', 'big.bin', `@${big}`]
  const download = ['call', 'web-1', 'IFileStoreService', 'Download', 'big.bin']
  // The line goes back to its beginning, and is taken away at the end. Whether a call waits for a connection first is another matter.
  const shown = (err: string): string =>
    err
      .replaceAll('\r', '<')
      .replaceAll('\u001b[K', '>')
      .replaceAll(/<waits: [^<>]*>(?:<>)?/g, '')
  const bar = /^<big\.bin {2}\[=* *\] +\d+ % {2}\d\.\d of 2\.0 MiB .*><>$/s
  const up = await runOnTerminal(true, ...upload)
  expect([up.code, shown(up.err)]).toEqual([0, expect.stringMatching(bar)])
  const down = await runOnTerminal(true, ...download, '--output', copy)
  expect([down.code, shown(down.err)]).toEqual([0, expect.stringMatching(/^<copy\.bin .*<>2097152 bytes in /s)])
  // What is shown goes there as well: a bar in it would be for nobody.
  expect(shown((await runOnTerminal(true, ...download)).err)).toBe('')
  expect((await runOnTerminal(false, ...download)).err).toContain('2.0 MiB')
  expect([(await run(...upload)).err, (await run(...download)).err]).toEqual(['', ''])
  expect((await readFile(copy)).equals(await readFile(big))).toBe(true)
})

test('version asks a gateway that is named, and tells what its agents need to whom it lets in', { timeout: 60_000 }, async () => {
  await using fleet = await createFleet('listening')
  const { environment, agentAddress, entry } = fleet
  const url = environment.HALIBUT_GATEWAY_URL
  expect((await runCommand(['version'])).out).toBe(`halibut-gateway ${version}, Node ${process.version}\n`)
  const { thumbprint } = JSON.parse((await fleet.run('version', '--json')).out).gateway.agents as { thumbprint: string }
  expect(thumbprint).not.toBe(entry['thumbprint'])
  expect(await fleet.run('version')).toEqual({
    code: 0,
    out: `halibut-gateway ${version}, Node ${process.version}\n${url} is halibut-gateway ${version}\n  thumbprint      ${thumbprint}\n  polling agents  ${new URL(agentAddress).host}\n`,
    err: '',
  })
  // Who is not signed in is told what runs, and no more.
  expect((await runCommand(['version', '--url', url])).out).toMatch(/is halibut-gateway \S+\n$/)
  expect(await runCommand(['version', '--url', url], { HALIBUT_GATEWAY_TOKEN: 'hgw_wrong' })).toMatchObject({ code: 5 })
  expect(await runCommand(['version', '--url', 'http://127.0.0.1:1/'])).toMatchObject({ code: 4 })
  expect(await runCommand(['version', '--url', 'gateway.example'])).toMatchObject({ code: 2 })
  expect(await runCommand(['version', '--url', `${url}openapi.json#`])).toMatchObject({ code: 2 })
})

test('each way to fail has its exit code, and a message with what to do', { timeout: 60_000 }, async () => {
  await using fleet = await createFleet('polling')
  const { run } = fleet
  expect(await run('call', 'web-1', 'IEchoService', 'SayHello', 'Ada')).toMatchObject({ code: 0 })
  const failed = await run('call', 'web-1', 'ITroubleService', 'Fail', 'the disk is full')
  expect(failed).toMatchObject({ code: 8, out: '' })
  for (const text of ['the disk is full', 'agent web-1, service_failed, the request ran', 'read the remote error'])
    expect(failed.err).toContain(text)
  const late = await run('call', 'web-1', 'ITroubleService', 'Slow', '60000', '--timeout-ms', '300')
  expect([late.code, late.err]).toEqual([9, expect.stringContaining('the request may have run')])
  const unknown = await run('call', 'web-2', 'IEchoService', 'SayHello', 'Ada')
  expect([unknown.code, unknown.err]).toEqual([6, expect.stringContaining('look at halibut-gateway agents list')])
  expect(await run('agents', 'get', 'web-2')).toMatchObject({ code: 6 })
  expect(await run('contracts', 'get', 'INone')).toMatchObject({ code: 6 })
  const unfit = await run('call', 'web-1', 'ICalculatorService', 'Divide', 'one', '2')
  expect([unfit.code, unfit.err]).toEqual([2, expect.stringContaining('/args/0')])
  const [url = ''] = fleet.address.split('#')
  const tokens = /--token-file <path>.*HALIBUT_GATEWAY_TOKEN .*halibut-gateway token create --name me --role admin --state-folder <path>/
  for (const environment of [{ HALIBUT_GATEWAY_TOKEN: 'hgw_wrong' }, {}]) {
    const refused = await runCommand(['agents', 'list'], { HALIBUT_GATEWAY_URL: url, ...environment })
    expect([refused.code, refused.err]).toEqual([5, expect.stringMatching(tokens)])
  }
  expect((await runCommand(['agents', 'list'], { HALIBUT_GATEWAY_URL: url })).err).toContain(`${url} takes nobody without a token`)
  expect(await runCommand(['agents', 'list'], { HALIBUT_GATEWAY_URL: fleet.address })).toMatchObject({ code: 0 })
  expect(await runCommand(['agents', 'list'], { HALIBUT_GATEWAY_URL: 'http://127.0.0.1:1/' })).toMatchObject({ code: 4 })

  fleet.agent.signal()
  await fleet.agent.ended
  const away = await run('call', 'web-1', 'IEchoService', 'SayHello', 'Ada', '--queue-timeout-ms', '3000')
  expect([away.code, away.err]).toEqual([
    7,
    expect.stringMatching(/halibut-gateway doctor web-1 tells what is wrong\n.*the request was never sent/),
  ])
})

test('a call that is interrupted is given up, and says whether it may have run', { timeout: 60_000 }, async () => {
  await using fleet = await createFleet('listening')
  const [url = '', token = ''] = fleet.address.split('#token=')
  await using client = createClient({ url, token, webSocket: nodeWebSocket })
  const calls = client.watchCalls()
  await calls.next()
  const slow = fleet.start('call', 'web-1', 'ITroubleService', 'Slow', '60000')
  for await (const event of calls) if (JSON.stringify(event).includes('"running"')) break
  slow.signal('SIGINT')
  expect(await slow.ended).toMatchObject({ code: 9, out: '', err: expect.stringContaining('the request may have run') })
})

test('doctor goes with the certificate of the state folder, and its exit code says whether something is wrong', {
  timeout: 60_000,
}, async () => {
  await using fleet = await createFleet('listening')
  const { uri = '', thumbprint = '' } = fleet.entry
  const state = join(fleet.folder, 'state')
  const well = await runCommand(['doctor', uri, '--thumbprint', thumbprint, '--state-folder', state])
  expect(well).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/^ok +dns .*\n(ok .*\n){6}nothing is wrong\n$/) })
  const called = await runCommand([
    'doctor',
    uri,
    '--thumbprint',
    thumbprint,
    '--state-folder',
    state,
    '--call',
    'IEchoService.SayHello',
    '--arg',
    'Ada',
  ])
  expect(called.out).toContain('IEchoService.SayHello answered')
  const stranger = join(fleet.folder, 'nowhere')
  const unknown = await runCommand(['doctor', uri, '--thumbprint', thumbprint, '--state-folder', stranger])
  expect(unknown).toMatchObject({
    code: 10,
    out: expect.stringMatching(/FAILED +identify .*\n +do +make the certificate of the gateway known here/),
  })
  const pinned = await runCommand(['doctor', uri, '--thumbprint', 'A'.repeat(40), '--state-folder', state, '--json'])
  expect(pinned.code).toBe(10)
  const report = JSON.parse(pinned.out) as { isHealthy: boolean; steps: { step: string; fault?: string }[] }
  expect([report.isHealthy, report.steps.find(({ fault }) => fault)?.fault]).toEqual([false, 'certificate_changed'])
})

test('doctor goes through a proxy with the user and the password that it is given, which is no argument', { timeout: 60_000 }, async () => {
  await using fleet = await createFleet('listening')
  const { uri = '', thumbprint = '' } = fleet.entry
  await using proxy = await connectProxy({ to: Number(new URL(uri).port) })
  const passwordFile = join(fleet.folder, 'proxy-password')
  await writeFile(passwordFile, 'secret \n')
  const walk = ['doctor', 'https://agent.example:10933/', '--thumbprint', thumbprint, '--state-folder', join(fleet.folder, 'state')]
  const through = await runCommand([...walk, '--proxy', `me@127.0.0.1:${proxy.port}`, '--proxy-password-file', passwordFile])
  expect(through).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/connects to agent\.example:10933 .*nothing is wrong\n$/s) })
  expect(proxy.requests[0]).toContain(`Basic ${Buffer.from('me:secret ').toString('base64')}`)
  await using refusing = await connectProxy({ answer: proxyAnswers.wantsLogin })
  const refused = await runCommand([...walk, '--proxy', `127.0.0.1:${refusing.port}`])
  expect(refused).toMatchObject({ code: 10, out: expect.stringContaining('give the user and the password') })
  for (const unfit of [
    ['--proxy', 'proxy.example'],
    ['--proxy', 'me:secret@proxy.example:3128'],
    ['--proxy', 'proxy.example:3128', '--proxy-password-file', passwordFile],
  ])
    expect(await runCommand([...walk, ...unfit])).toMatchObject({ code: 2, out: '' })
})

test('a polling agent that knocks is pending, and is let in where its certificate is the expected one', { timeout: 60_000 }, async () => {
  await using fleet = await createFleet('listening')
  const { run } = fleet
  await using stranger = fleet.startAgent('web-2', ['--poll', fleet.agentAddress])
  const { thumbprint = '' } = await stranger.firstJson
  let listed = ''
  for (let i = 0; i < 200 && !listed.includes('poll://web-2/'); i++) listed = (await run('trust', 'pending')).out
  expect(listed).toMatch(new RegExp(`^[0-9a-f]{16} +${thumbprint} +poll://web-2/ `, 'm'))
  const { pending } = JSON.parse((await run('trust', 'pending', '--json')).out) as { pending: { id: string }[] }
  const { id = '' } = pending[0] ?? {}
  expect(await run('trust', 'approve', id, '--expect', thumbprint)).toMatchObject({ code: 2 })
  expect(await run('trust', 'approve', '0'.repeat(16), '--expect', thumbprint, '--id', 'web-2')).toMatchObject({ code: 6 })
  expect((await run('trust', 'approve', id, '--expect', 'A'.repeat(40), '--id', 'web-2')).code).not.toBe(0)
  // What a terminal shows is what has to be typed.
  const { err } = await fleet.runOnTerminal(true, 'trust', 'pending')
  expect(err).toBe(`if the machine itself tells ${thumbprint}: halibut-gateway trust approve ${id} --expect ${thumbprint} --id web-2\n`)
  const [, approve = ''] = /: halibut-gateway (.*)$/m.exec(err) ?? []
  expect(await run(...approve.split(' '))).toEqual({
    code: 0,
    out: `web-2 is let in with ${thumbprint}\n`,
    err: '',
  })
  expect((await run('agents', 'get', 'web-2')).out).toContain(thumbprint)
  expect(await run('trust', 'revoke', thumbprint)).toMatchObject({ code: 0, out: `${thumbprint} is not trusted any more (web-2)\n` })
})
