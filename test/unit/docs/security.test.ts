import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const tests = join(import.meta.dirname, '../..')
const document = readFileSync(join(import.meta.dirname, '../../../server/SECURITY.md'), 'utf8')

interface Row {
  readonly threat: string
  readonly defence: string
  readonly proofs: readonly { readonly file: string; readonly name: string }[]
}

/** The rows of the tables. Throws at one that has not all three. */
function rowsOf(text: string): Row[] {
  const lines = text.split('\n').filter(line => line.startsWith('|') && !/^\| (threat|---) \|/.test(line))
  return lines.map(line => {
    const [threat = '', defence = '', proof = '', ...more] = line.slice(2, -2).split(' | ')
    const proofs = proof.split('<br>').map(each => {
      const [, file = '', name = ''] = /^`([\w./-]+\.test\.ts)`: (.+)$/.exec(each) ?? []
      return { file, name }
    })
    if (threat === '' || defence === '' || more.length > 0 || proofs.some(({ name }) => name === '')) throw new Error(`not whole: ${line}`)
    return { threat, defence, proofs }
  })
}

/** Whether a file has a test of this name, as it stands there in quotes. */
function hasTest(source: string, name: string): boolean {
  const quoted = [`'${name.replaceAll("'", "\\'")}'`, `\`${name}\``, `"${name}"`]
  return quoted.some(text => source.includes(text))
}

test('SECURITY.md names for every threat its defence, and tests that exist', () => {
  const rows = rowsOf(document)
  expect(rows.length).toBeGreaterThan(45)
  expect(new Set(rows.map(({ threat }) => threat)).size).toBe(rows.length)
  const missing = rows.flatMap(({ proofs }) =>
    proofs.filter(({ file, name }) => !existsSync(join(tests, file)) || !hasTest(readFileSync(join(tests, file), 'utf8'), name)),
  )
  expect(missing).toEqual([])
})

test('every kind of threat has a row', () => {
  const text = rowsOf(document)
    .map(({ threat, defence }) => `${threat} ${defence}`)
    .join('\n')
  const kinds = [
    'TLS handshakes',
    'slowloris',
    'zip bomb',
    'empty elements',
    'BSON',
    'strict JSON',
    'Headers',
    'SHA-1',
    'a path',
    'contract',
    'Settings',
  ]
  kinds.push(
    'CSWSH',
    'DNS rebinding',
    'CSRF',
    'ticket',
    'stolen',
    'Guessing',
    'role must not',
    'SSRF',
    'stored XSS',
    'log that somebody else',
    'folder of the page',
  )
  kinds.push('runs twice', 'audit log is changed', 'backup', 'copied disk', 'machine in the middle', 'dependency', 'secret')
  expect(kinds.filter(kind => !text.includes(kind))).toEqual([])
})

test('a row without a proof, and a proof that is none, do not pass', () => {
  expect(() => rowsOf('| a threat | a defence |')).toThrow('not whole')
  expect(() => rowsOf('| a threat | a defence | it was looked at |')).toThrow('not whole')
  expect(hasTest("test('a name', () => undefined)", 'a nam')).toBe(false)
  expect(hasTest("test('a name', () => undefined)", 'a name')).toBe(true)
})
