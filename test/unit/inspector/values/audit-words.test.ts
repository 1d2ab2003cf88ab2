import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { breakAdvice, hashCommand, leftOut } from '../../../../server/inspector/src/values/audit-words.ts'
import { hashEntry } from '../../../../server/src/audit/chain.ts'

test('the command that computes the hash of an entry gives the hash of the gateway', () => {
  const text = JSON.stringify({ who: "O'Hara", action: 'agents.add', outcome: 'done', facts: { name: 'ä %s \\n $HOME `id` "x"' } })
  const previous = 'ab'.repeat(32)
  const told = execFileSync('sh', ['-c', hashCommand(previous, 7, 1_780_000_000_000, text)], { encoding: 'utf8' })
  expect(told.split(' ')[0]).toBe(hashEntry(previous, { sequence: 7, atMs: 1_780_000_000_000, text }))
})

test('each thing that can be wrong with the log is told with what it means and what is to be done', () => {
  for (const finding of ['changed', 'missing', 'cut-off', 'rewritten'] as const) {
    const { meaning, todo } = breakAdvice({ ok: false, sequence: 5, finding, message: '' })
    expect([meaning.includes('5'), todo.length, todo[0]]).toEqual([true, 3, expect.stringContaining('halibut-gateway backup')])
  }
})

test('what is never written down of a call, a token or a key is said', () => {
  expect([leftOut('agent.invoke'), leftOut('tokens.create'), leftOut('agents.remove')]).toEqual([
    'the arguments and the answer of the call',
    'the secret of the token',
    undefined,
  ])
})
