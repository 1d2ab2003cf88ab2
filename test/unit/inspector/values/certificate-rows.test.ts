import { expect, test } from 'vitest'
import { certificateRows, countCertificates, filterCertificates } from '../../../../server/inspector/src/values/certificate-rows.ts'

const dayMs = 86_400_000
const nowMs = Date.UTC(2026, 5, 15)
const at = (days: number): string => new Date(nowMs + days * dayMs).toISOString()
const certificate = (letter: string, more: object = {}) => ({ thumbprint: letter.repeat(40), agents: [`web-${letter}`], ...more })

const rows = certificateRows(
  [
    certificate('A', { expires: at(400), lastSeen: at(-1) }),
    certificate('B', { lastSeen: at(-100) }),
    certificate('C', { expires: at(20), lastSeen: at(-91) }),
    certificate('D', { expires: at(-1), lastSeen: at(-200) }),
    certificate('E', { agents: [], revoked: at(-3) }),
    certificate('F', { expires: at(5), revoked: at(-1) }),
  ],
  agent => agent === 'web-D',
  nowMs,
)
const lettersOf = (only: 'all' | 'expiring' | 'unused' | 'revoked', search = ''): string =>
  filterCertificates(rows, { search, only })
    .map(({ known }) => known.thumbprint[0])
    .join('')

test('certificates stand in the order in which they expire, and those of which nobody knows it last', () => {
  expect(lettersOf('all')).toBe('DFCABE')
  expect(rows.map(({ expiry }) => expiry)).toEqual(['expired', 'soon', 'soon', 'later', 'unknown', 'unknown'])
})

test('what expires, what nobody has shown for 90 days and what was revoked is found; who is there now uses it', () => {
  expect([lettersOf('expiring'), lettersOf('unused'), lettersOf('revoked')]).toEqual(['DC', 'CB', 'FE'])
  expect((['all', 'expiring', 'unused', 'revoked'] as const).map(kind => countCertificates(rows, kind))).toEqual([6, 2, 2, 2])
})

test('a certificate is found by the id of its agent, and by its thumbprint as somebody pastes it', () => {
  expect([lettersOf('all', 'WEB-a'), lettersOf('all', 'bb:bb bb'), lettersOf('all', 'nothing')]).toEqual(['A', 'B', ''])
})
