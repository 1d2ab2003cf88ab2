import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { method, service, string } from '@halibut-gateway/schemas/contract'
import { expect, test } from 'vitest'
import { createFleet } from '../support/command-fleet.ts'
import { runCommand } from '../support/command-line.ts'

const sha1 = 'AB'.repeat(20)

test('agents are added, changed, tagged, disabled, enabled and removed by command, and those of the settings are not', {
  timeout: 60_000,
}, async () => {
  await using fleet = await createFleet('listening')
  const { run } = fleet
  const json = async (...args: string[]): Promise<unknown> => JSON.parse((await run(...args, '--json')).out)
  const pasted = sha1.toLowerCase().replaceAll(/(..)(?!$)/g, '$1:')
  const added = await json(
    'agents',
    'add',
    'p-1',
    '--uri',
    'poll://p-1/',
    '--thumbprint',
    pasted,
    '--service',
    'IOne',
    '--tag',
    'production',
  )
  expect(added).toMatchObject({ id: 'p-1', thumbprint: sha1, services: ['IOne'], tags: ['production'], readOnly: false })
  expect((await run('agents', 'list', '--tag', 'production')).out).toMatch(
    /^p-1 +offline +\S+ +polling +added +poll:\/\/p-1\/ +has not connected yet; start/m,
  )
  expect(await run('agents', 'list', '--state', 'untrusted')).toMatchObject({ code: 0, out: expect.not.stringContaining('p-1') })
  expect(await run('agents', 'add', 'p-1', '--uri', 'poll://other/', '--thumbprint', sha1)).toMatchObject({
    code: 2,
    err: expect.stringContaining('exists already'),
  })
  expect(await run('agents', 'add', 'p-2', '--uri', 'poll://p-2/')).toMatchObject({ code: 2, err: expect.stringContaining('--thumbprint') })
  expect(await json('agents', 'update', 'p-1', '--name', 'The first', '--service', 'ITwo')).toMatchObject({
    name: 'The first',
    services: ['ITwo'],
    tags: ['production'],
  })
  expect(await json('agents', 'tags', 'p-1', '--add', 'role=web', '--remove', 'production')).toEqual(['role=web'])
  expect((await run('agents', 'tags', 'p-1')).out).toBe('role=web\n')
  expect(await json('agents', 'disable', 'p-1', '--reason', 'it is being moved')).toMatchObject({
    state: 'disabled',
    reason: 'it is being moved',
  })
  expect(await json('agents', 'enable', 'p-1')).toMatchObject({ state: 'offline' })
  expect(await run('agents', 'remove', 'p-1')).toMatchObject({ code: 0, out: 'p-1 is removed\n' })
  expect(await run('agents', 'get', 'p-1')).toMatchObject({ code: 6 })
  for (const verb of [
    ['tags', 'web-1', '--add', 'x'],
    ['remove', 'web-1'],
    ['update', 'web-1', '--name', 'x'],
    ['disable', 'web-1'],
  ])
    expect(await run('agents', ...verb)).toMatchObject({ code: 2, err: expect.stringContaining('stands in the settings') })
})

test('contracts are checked, added, replaced and removed by command, for all agents or for one', { timeout: 60_000 }, async () => {
  await using fleet = await createFleet('listening')
  const { run, folder } = fleet
  const file = async (name: string, contract: unknown): Promise<string> => {
    const path = join(folder, name)
    await writeFile(path, JSON.stringify(contract))
    return path
  }
  const tools = await file('tools.json', service('ITools', { Hello: method([['name', string]], string) }))
  const newer = await file('newer.json', service('ITools', { Hello: method([], string), Bye: method([], string) }))
  const bad = await file('bad.json', { contract: 1, service: 'IBad', methods: [{ name: 'M', params: [], result: 'nothing' }] })
  const marked = await file('marked.json', {
    contract: 1,
    service: 'IMarked',
    methods: [{ name: 'M', params: [{ name: 'a', type: 'string', pattern: '^a$' }], result: 'void' }],
  })
  expect(await runCommand(['contracts', 'check', tools])).toEqual({ code: 0, out: 'ITools, 1 method: it is a contract\n', err: '' })
  expect(await runCommand(['contracts', 'check', bad])).toMatchObject({ code: 2, err: expect.stringContaining('/methods/0/result') })
  expect(JSON.parse((await runCommand(['contracts', 'check', marked, '--json'])).out)).toMatchObject({
    service: 'IMarked',
    canBeAdded: false,
  })
  expect((await runCommand(['contracts', 'check', marked])).err).toContain('/methods/0/params/0/pattern')

  expect(await run('contracts', 'add', tools)).toMatchObject({ code: 0, out: 'ITools is known for all agents\n' })
  expect(await run('contracts', 'add', newer)).toMatchObject({ code: 2, err: expect.stringContaining('another contract') })
  expect(await run('contracts', 'add', newer, '--agent', 'web-1')).toMatchObject({ code: 0, out: 'ITools is known for the agent web-1\n' })
  expect((await run('contracts', 'list', '--agent', 'web-1')).out).toMatch(/^ITools +web-1 +added +Bye\(\)$/m)
  expect(JSON.parse((await run('contracts', 'get', 'ITools', '--agent', 'web-1')).out).methods).toHaveLength(2)
  expect((await run('contracts', 'add', newer, '--replace', '--json')).out).toContain('"methods":["Hello()","Bye()"]')
  expect(await run('contracts', 'add', marked)).toMatchObject({ code: 2, err: expect.stringContaining('pattern') })
  expect(await run('contracts', 'remove', 'ITools', '--agent', 'web-1')).toMatchObject({ code: 0 })
  expect(await run('contracts', 'remove', 'ITools')).toMatchObject({ code: 0, out: 'ITools is not known any more\n' })
  expect(await run('contracts', 'remove', 'ITools')).toMatchObject({ code: 6 })
  expect(await run('contracts', 'remove', 'IEchoService')).toMatchObject({
    code: 2,
    err: expect.stringContaining('stands in the settings'),
  })
  expect(await run('contracts', 'add', join(folder, 'none.json'))).toMatchObject({ code: 2, err: expect.stringContaining('none.json') })
})

test('a call that waits says on a terminal why, and takes the line away at its end', { timeout: 60_000 }, async () => {
  await using fleet = await createFleet('polling')
  fleet.agent.signal()
  await fleet.agent.ended
  const call = ['call', 'web-1', 'IEchoService', 'SayHello', 'Ada', '--queue-timeout-ms', '3000']
  const { code, err } = await fleet.runOnTerminal(true, ...call)
  expect(code).toBe(7)
  expect(err).toMatch(/\rwaits as number 1: no connection of the agent is there/)
  expect(err).toContain('\r\u001b[Khalibut-gateway: ')
  expect((await fleet.run(...call)).err).not.toContain('waits as')
})
