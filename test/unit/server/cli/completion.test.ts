import { expect, test } from 'vitest'
import { candidatesFor } from '../../../../server/src/cli/completion.ts'
import { buildProgram, everyCommand } from '../../../../server/src/cli/program.ts'
import { runCommand } from '../../../support/command-line.ts'

const program = buildProgram(() => undefined)
const wordsFor = (...line: string[]) => candidatesFor(program, line).map(({ word }) => word)

test.each<[string[], string[]]>([
  [['ser'], ['serve']],
  [['agents', 'g'], ['get']],
  [['agents', 'list', '--js'], ['--json']],
  [
    ['serve', '--agent-'],
    ['--agent-host', '--agent-port'],
  ],
  [
    ['serve', '--agent-port', '1', '--con'],
    ['--contracts', '--config'],
  ],
  [['serve', '--identity-p'], ['--identity-password-file']],
  [['doctor', 'https://a:1/', '--state-f'], ['--state-folder']],
  [
    ['completion', ''],
    ['bash', 'zsh'],
  ],
  [['help', 'exit'], ['exit-codes']],
  [['help', 'serv'], ['serve']],
  // Files, or a text of one's own.
  [['serve', '--config', ''], []],
  [['call', 'web-1', ''], []],
  [['agents', 'get', ''], []],
  [['call', 'web-1', 'S', 'M', '--', '-'], []],
  [
    ['frobnicate', '--'],
    ['--version', '--help'],
  ],
])('behind %j there may stand %j', (line, words) => {
  expect(wordsFor(...line)).toEqual(words)
})

test('every verb, every verb below one, and every option that is shown is completed', () => {
  for (const command of everyCommand(program)) {
    const path: string[] = []
    for (let at = command; at.parent; at = at.parent) path.unshift(at.name())
    expect(wordsFor(...path, '')).toEqual(expect.arrayContaining(command.commands.map(each => each.name())))
    const shown = command.options.filter(({ hidden }) => !hidden).map(({ long }) => long)
    expect(wordsFor(...path, '--')).toEqual(expect.arrayContaining([...shown, '--help']))
    // One that is not taken, and says so, is no help.
    expect(wordsFor(...path, '--')).not.toContain('--token')
  }
})

test('what comes next is told a line each, for zsh with what it is for, and as JSON', async () => {
  const about = everyCommand(program)
    .find(each => each.name() === 'list' && each.parent?.name() === 'agents')
    ?.description()
  expect(await runCommand(['completion', 'bash', '--', 'agents', ''])).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^list\nget\n/),
  })
  expect((await runCommand(['completion', 'zsh', '--', 'agents', 'li'])).out).toBe(`list:${about}\n`)
  expect(JSON.parse((await runCommand(['completion', 'zsh', '--json', '--', 'agents', 'li'])).out)).toEqual([{ word: 'list', about }])
  expect(await runCommand(['completion', 'fish'])).toMatchObject({ code: 2, err: expect.stringContaining('bash, zsh') })
})
