import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { RefusalCauseSchema } from '@halibut-gateway/schemas'
import { expect, test } from 'vitest'
import { RuleSet } from '../../../server/src/access/rule-set.ts'
import { checkRuleTests } from '../../../server/src/access/rule-tests.ts'
import { attachHelp } from '../../../server/src/cli/attach.ts'
import { readSettings } from '../../../server/src/settings/load.ts'
import { logLines } from '../../support/log-lines.ts'

const document = readFileSync(resolve(import.meta.dirname, '../../../server/OPERATING.md'), 'utf8')

test('OPERATING.md says of every cause of a refusal what to do, and of no other', () => {
  const table = document.slice(document.indexOf('<!-- causes -->'), document.indexOf('<!-- /causes -->'))
  const told = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(match => match[1])
  expect(told).toEqual(RefusalCauseSchema.anyOf.map(each => each.const))
})

test('OPERATING.md says of every line of the log what it means, and of no other', () => {
  const table = document.slice(document.indexOf('<!-- log -->'), document.indexOf('<!-- /log -->'))
  const told = [...table.matchAll(/^\| (\S+) \| `(.*?)` \| \S.* \|$/gm)].map(([, level, message]) => `${level} ${message}`)
  const written = logLines().map(({ level, message }) => `${level} ${message}`)
  expect(new Set(told).size).toBe(told.length)
  expect(told.sort(), 'each line that the code writes has a row between <!-- log --> and <!-- /log -->').toEqual(
    [...new Set(written)].sort(),
  )
})

test('the settings files of OPERATING.md are acceptable, and pass the tests of their own rules', () => {
  const files = [...document.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text = '']) => text)
  expect(files.length).toBeGreaterThan(0)
  for (const text of files) {
    const { settings, problems } = readSettings({ flags: ['--config', 'settings.json'], environment: {}, readFile: () => text })
    expect(problems).toEqual([])
    expect(() => checkRuleTests(new RuleSet(settings.rules))).not.toThrow()
  }
})

test('the rules that OPERATING.md writes are acceptable, and pass their own tests', () => {
  const [, body = ''] = /```http\nPUT \/api\/v1\/rules\n.*\n\n([\s\S]*?)```/.exec(document) ?? []
  const { document: rules } = JSON.parse(body) as { document: object }
  expect(() => checkRuleTests(new RuleSet(rules))).not.toThrow()
})

test('what serve says of a Tentacle, and what OPERATING.md says, are its commands with what they need', () => {
  const told = [
    attachHelp({
      address: 'http://x/',
      opensWith: 'own-token',
      agentAddress: 'https://gateway.example:10943/',
      thumbprint: 'A'.repeat(40),
    }),
    document,
  ]
  for (const text of told) {
    expect(text).toMatch(/Tentacle\.exe configure .*--noListen=True/)
    expect(text).toMatch(
      /Tentacle\.exe server-comms .*--style=TentacleActive --host=gateway\.example --port=10943 --thumbprint=[0-9A-F]{40}/,
    )
    expect(text).toMatch(/Tentacle\.exe configure .*--port=10933 --trust=[0-9A-F]{40}/)
  }
})
