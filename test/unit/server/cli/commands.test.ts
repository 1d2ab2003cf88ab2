import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { GatewayError } from '@halibut-gateway/client'
import { methods } from '@halibut-gateway/schemas'
import { errorTable } from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { commandLine, inCommands, verbs } from '../../../../server/src/cli/commands.ts'
import { CliError, tellFailure } from '../../../../server/src/cli/failure.ts'
import type { CliIo } from '../../../../server/src/cli/io.ts'
import { buildProgram, everyCommand } from '../../../../server/src/cli/program.ts'

/** What is told of an error, to a person or as JSON. */
function told(error: unknown, asJson = false): string {
  let text = ''
  tellFailure(
    error,
    {
      err: written => {
        text += written
      },
    } as CliIo,
    asJson,
  )
  return text
}

test('every method that advice names is a command, and that command is there', () => {
  const sources = resolve(import.meta.dirname, '../../../../server/src')
  const files = readdirSync(sources, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'))
  const advice = [
    ...files.flatMap(file => readFileSync(join(sources, file), 'utf8').match(/advice:\s*(['`]).*\1/g) ?? []),
    ...Object.values(errorTable).map(entry => entry.advice),
  ]
  const named = new Set(advice.flatMap(text => text.match(/\b[a-z]+\.[a-z]+\b/g) ?? []).filter(name => Object.hasOwn(methods, name)))
  // Whoever asks for a method that is not there uses no verb of ours.
  named.delete('rpc.discover')
  // Rules have no verb.
  named.delete('rules.set')
  expect(named.size).toBeGreaterThan(5)
  expect([...named].filter(name => !Object.hasOwn(verbs, name))).toEqual([])
  const program = buildProgram(() => undefined)
  const paths = everyCommand(program).map(
    command => `${command.parent?.name() === program.name() ? '' : command.parent?.name()} ${command.name()}`,
  )
  for (const verb of Object.values(verbs)) expect(paths).toContain(verb)
})

test('methods in advice become commands, and all else stays', () => {
  expect(inCommands('ask trust.denied and trust.thumbprints')).toBe('look at halibut-gateway trust denied and halibut-gateway trust list')
  expect(inCommands('look at the clones that trust.pending tells now, then decide')).toBe(
    'look at the clones that halibut-gateway trust pending tells now, then decide',
  )
  for (const text of ['ask an admin for a rule that allows it', 'correct nginx.conf', 'call it over the WebSocket, as the SDK does'])
    expect(inCommands(text)).toBe(text)
})

test('a command is quoted as a shell takes it', () => {
  const words = ['backup', 'a b', "it's", '$HOME', '', '*.json', '/var/lib/x_1', 'https://10.0.0.5:10933/']
  const out = execFileSync('bash', ['-c', `halibut-gateway() { printf '%s\\n' "$@"; }; ${commandLine(...words)}`], { encoding: 'utf8' })
  expect(out.split('\n').slice(0, -1)).toEqual(words)
})

test('what to do about an error is told in commands, to people and to programs', () => {
  const unknown = new GatewayError('agent_not_found', 'there is no agent web-9', { advice: 'ask agents.list', agent: 'web-9' })
  expect(told(unknown)).toContain('\n  look at halibut-gateway agents list\n')
  expect(JSON.parse(told(unknown, true))).toMatchObject({
    error: { kind: 'agent_not_found', advice: 'look at halibut-gateway agents list' },
  })
  const { advice } = errorTable.version_conflict
  expect(told(new GatewayError('version_conflict', 'another version', { advice }))).toContain('somebody has changed it meanwhile')
  expect(told(new GatewayError('version_conflict', 'another version', { advice: 'wait for web-1' }))).toContain('\n  wait for web-1\n')
  expect(told(new HalibutError('not_found', 'no token', { advice: 'ask tokens.list' }))).toContain('look at halibut-gateway token list')
  expect(told(new CliError('usage', 'no', 'do this'))).toBe('halibut-gateway: no\n  do this\n')
})

test('of an agent that is not reached the doctor is called, and of one that has no such method its contracts are shown', () => {
  const away = new GatewayError('connect_refused', 'nothing listens there', { agent: 'web-1', advice: 'start the agent' })
  expect(told(away)).toContain('\n  start the agent; halibut-gateway doctor web-1 tells what is wrong\n')
  const { advice } = errorTable.method_not_found
  const method = new GatewayError('method_not_found', 'no method Ad', { agent: 'web-1', advice, delivery: 'executed' })
  expect(told(method)).toContain('\n  look at halibut-gateway contracts list --agent web-1, which has all signatures\n')
})
