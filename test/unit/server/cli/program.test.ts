import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { methods } from '@halibut-gateway/schemas'
import { describe, expect, test } from 'vitest'
import { exitCodesText } from '../../../../server/src/cli/exit-codes.ts'
import { buildProgram, everyCommand } from '../../../../server/src/cli/program.ts'
import { mostStepTimeoutMs, stepTimeoutMs } from '../../../../server/src/doctor/examination.ts'
import { settingsHelp } from '../../../../server/src/settings/show.ts'
import { runCommand } from '../../../support/command-line.ts'

type Command = ReturnType<typeof buildProgram>

/** The words that lead to a command. */
function pathOf(command: Command): string[] {
  return command.parent ? [...pathOf(command.parent), command.name()] : []
}
const paths = everyCommand(buildProgram(() => undefined)).map(pathOf)

describe('the command line', () => {
  test.each(paths.map(path => [path.join(' '), path] as const))('halibut-gateway %s -h tells what it does', async (name, path) => {
    const { code, out, err } = await runCommand([...path, '-h'])
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(new RegExp(`^Usage: halibut-gateway ${name}`))
    expect(await runCommand(['help', ...path])).toEqual({ code: 0, out, err: '' })
  })

  test('every verb that does something has an example, and every one that answers can do it as JSON', async () => {
    for (const command of everyCommand(buildProgram(() => undefined))) {
      if (command.commands.length > 0) continue
      if (command.name() !== 'help') expect(command.options.map(({ long }) => long)).toContain('--json')
      const { out } = await runCommand([...pathOf(command), '-h'])
      const [, shown = ''] = /\nExamples?.*:\n([\s\S]*)$/.exec(out) ?? []
      const examples = shown.match(/^ {2}\$ .*$/gm) ?? []
      expect(examples.length, pathOf(command).join(' ')).toBeGreaterThan(0)
      // What stands in an example is taken by the verb.
      for (const example of examples) {
        expect(example).toContain(`halibut-gateway ${pathOf(command).join(' ')}`)
        const flags = [...example.matchAll(/ (--[a-z][a-z-]*)/g)].map(match => match[1] ?? '')
        for (const flag of flags) expect(`${out}${settingsHelp()}`, example).toMatch(new RegExp(`^ +(-., )?${flag}\\b`, 'm'))
      }
    }
  })

  test('the doctor takes the times that the gateway takes', () => {
    const { minimum, maximum, description } = methods['agents.doctor'].params.properties.timeoutMs
    expect([minimum, maximum]).toEqual([1, mostStepTimeoutMs])
    expect(description).toContain(`default ${stepTimeoutMs.toLocaleString('en')}`)
  })

  test('help has its topics: settings, environment, exit codes, formatting', async () => {
    expect((await runCommand(['help', 'exit-codes'])).out).toContain(exitCodesText())
    expect((await runCommand(['help', 'settings'])).out).toContain(settingsHelp())
    expect((await runCommand(['help', 'environment'])).out).toContain('HALIBUT_GATEWAY_TOKEN_FILE')
    expect((await runCommand(['help', 'formatting'])).out).toContain('--json')
    for (const way of [['help'], ['-h'], []]) {
      const { out, err } = await runCommand(way)
      for (const topic of ['settings', 'environment', 'exit-codes', 'formatting']) expect(out + err).toContain(`  ${topic} `)
    }
    expect(await runCommand(['help', 'frobnicate'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('topics are settings, environment, exit-codes, formatting'),
    })
  })

  test.each([
    [[], 'Usage: halibut-gateway'],
    [['sevre'], 'Did you mean serve?'],
    [['agents'], 'Usage: halibut-gateway agents'],
    [['agents', 'get'], "missing required argument 'agent'"],
    [['agents', 'list', '--jsno'], 'Did you mean --json?'],
    [['call', 'a', 'b', 'c', '--timeout-ms', 'x'], 'whole number of milliseconds'],
    [['call', 'a', 'b'], 'an agent, a service and a method are needed'],
    [['call', 'a', 'b', 'c', '--set', 'd=1'], 'are for the calls of a file'],
    [['call', '--saved', 'no-such-file.json'], 'no-such-file.json: ENOENT'],
    [['call', 'a', '--saved', 'some.json'], 'the agent a is for one call'],
    [['call', '--saved', 'some.json', '--timeout-ms', '5'], '--timeout-ms is for one call'],
    [['audit', 'search', '--limit', '0'], 'It is a whole number from 1 to 9999999.'],
    [['trust', 'later', '0123456789abcdef', '--hours', '8761'], 'It is a whole number of hours from 1 to 8760.'],
    [['agent', '--listen', '127.0.0.1:0'], '--trust'],
    [['agent', '--trust', 'A'.repeat(40)], 'an agent listens or polls'],
    [
      ['agent', ...['A', 'B', 'C'].flatMap(each => ['--trust', each.repeat(40)]), '--poll', 'https://127.0.0.1:1/'],
      'pins 2 certificates at most, not 3',
    ],
    [['doctor', 'web-1', '--timeout-ms', '60001'], 'It is a whole number of milliseconds from 1 to 60000.'],
    [['agents', 'list', '--token', 'hgw_x_secret'], 'a token is not taken as an argument'],
    [['agents', 'list', '--url', 'http://127.0.0.1:1/#token=secret'], 'a token is not taken as a part of --url'],
    [['token', 'create', '--name', 'a', '--role', 'viewer', '--expires', '1y'], '--expires: "1y" is no time\n  write it as 90d'],
    [['doctor', 'poll://web-1/', '--thumbprint', 'A'.repeat(40)], 'there is nothing to go to'],
  ])('%j is a mistake of whoever wrote it: exit code 2, and what was meant', async (args, told) => {
    const { code, err, out } = await runCommand(args)
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain(told)
    expect(err).not.toContain('secret')
  })

  test('a file with more than a token is refused, and nothing of it told', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'halibut-token-'))
    const file = join(folder, 'token')
    try {
      writeFileSync(file, '# of the operators\nhgw_x_secret\n')
      for (const verb of [['agents', 'list'], ['version']]) {
        const { code, err } = await runCommand([...verb, '--url', 'http://127.0.0.1:1/', '--token-file', file])
        expect(code).toBe(5)
        expect(err).toContain(`${file} holds more than a token`)
        expect(err).not.toContain('secret')
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('settings that are not acceptable have an exit code of their own, with every mistake', async () => {
    for (const verb of ['serve', 'demo']) {
      const { code, err } = await runCommand([verb, '--prot', '1', '--log-level', 'loud'])
      expect(code).toBe(3)
      expect(err).toContain('--prot: there is no such flag; perhaps --port is meant')
      expect(err).toContain('--log-level: "loud"')
      expect(err).toContain('halibut-gateway help settings tells all settings')
    }
  })

  test('errors are one line of JSON where JSON is asked for', async () => {
    const { err } = await runCommand(['serve', '--prot', '1', '--json'])
    expect(JSON.parse(err)).toEqual({
      error: { message: expect.stringContaining('--prot'), advice: 'halibut-gateway help settings tells all settings' },
    })
    const nobody = await runCommand(['agents', 'list', '--url', 'http://127.0.0.1:1/', '--json'])
    expect(nobody).toMatchObject({ code: 4, out: '' })
    expect(JSON.parse(nobody.err)).toMatchObject({ error: { kind: 'connect_failed', advice: expect.any(String) } })
  })

  test('config print shows each value with its place, config check all that is wrong', async () => {
    const environment = { HALIBUT_GATEWAY_IDENTITY: '/none.pem', HALIBUT_GATEWAY_IDENTITY_PASSWORD: 'hunter2' }
    const printed = await runCommand(['config', 'print', '--port', '1'], environment)
    expect(printed).toMatchObject({ code: 0, err: '' })
    expect(printed.out).toMatch(/^port +1 +--port$/m)
    expect(printed.out).toMatch(/^identityPassword +"\*\*\*" +HALIBUT_GATEWAY_IDENTITY_PASSWORD$/m)
    expect(printed.out).not.toContain('hunter2')
    const json = JSON.parse((await runCommand(['config', 'print', '--json'], environment)).out) as { settings: object[] }
    expect(json.settings).toContainEqual({ name: 'identity', value: '/none.pem', from: 'environment', place: 'HALIBUT_GATEWAY_IDENTITY' })

    const flags = ['config', 'check', '--port', '0', '--agent-port', '0', '--drian-ms', '1']
    const checked = await runCommand(flags, environment)
    expect([checked.code, checked.out]).toEqual([3, ''])
    expect(checked.err.split('\n')).toEqual([
      '--drian-ms: there is no such flag; perhaps --drain-ms is meant',
      'HALIBUT_GATEWAY_IDENTITY: /none.pem: there is no such file; correct the path, or the rights of the file',
      '',
    ])
    expect(JSON.parse((await runCommand([...flags, '--json'], environment)).out)).toEqual({
      problems: [expect.objectContaining({ place: '--drian-ms' }), expect.objectContaining({ place: 'HALIBUT_GATEWAY_IDENTITY' })],
      changes: [],
    })
    expect(await runCommand(['config', 'check', '--port', '0', '--agent-port', '0'])).toMatchObject({
      code: 0,
      out: 'the settings will do\n',
    })
  })

  test('version is that of the package', async () => {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../../../server/package.json'), 'utf8')) as {
      version: string
    }
    expect((await runCommand(['version'])).out).toBe(`halibut-gateway ${version}, Node ${process.version}\n`)
    expect(JSON.parse((await runCommand(['version', '--json'])).out)).toEqual({ version, node: process.version })
  })
})
