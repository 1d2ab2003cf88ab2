import { expect, test } from 'vitest'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { createLog, type LogOptions } from '../../../../server/src/telemetry/log.ts'

function open(options: Partial<LogOptions> = {}) {
  const lines: string[] = []
  return { lines, log: createLog({ write: line => lines.push(line), format: 'json', ...options }) }
}

test('as JSON each line has its full time, level and facts, and the ids have the names that others know them by', () => {
  const { lines, log } = open()
  log('warn', 'agent offline', { agent: 'web-1', traceId: 'f'.repeat(32), activityId: 'a-b', nothing: undefined })
  log('debug', 'not wanted')
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatch(/\n$/)
  const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>
  expect(line).toEqual({
    level: 'warn',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    agent: 'web-1',
    trace_id: 'f'.repeat(32),
    'halibut.activity_id': 'a-b',
    msg: 'agent offline',
  })
})

test('as text each line is one line, with the time of day', () => {
  const { lines, log } = open({ format: 'text', level: 'debug' })
  log('info', 'agent connected', { agent: 'web-1', reason: 'polls\nthis gateway' })
  log('debug', 'no facts')
  expect(lines).toEqual([
    expect.stringMatching(/^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: agent connected \{"agent":"web-1","reason":"polls\\nthis gateway"\}\n$/),
    expect.stringMatching(/^\[\d\d:\d\d:\d\d\.\d{3}\] DEBUG: no facts\n$/),
  ])
})

const secrets = [
  'hgw_start_AAAAAAAAAAAAAAAAAAAAAAAA',
  'hgt_AAAAAAAAAAAAAAAAAAAAAAAA',
  'Bearer abc.def-ghi',
  'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln',
  '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADAN\n-----END PRIVATE KEY-----',
]

test.each(['json', 'text'] as const)('no secret is written, wherever it stands (%s)', format => {
  for (const secret of secrets) {
    const { lines, log } = open({ format })
    log('error', `failed with ${secret} here`, {
      why: `the credential ${secret}`,
      token: 'plain',
      nested: { headers: [{ authorization: 'plain' }, `x ${secret} y`] },
      cause: new HalibutError('unauthorized', `no: ${secret}`),
      proxy: 'http://user:plain@proxy.example:3128/',
    })
    const [line = ''] = lines
    expect(line).toContain('here')
    expect(line).toContain('proxy.example')
    expect(line).not.toContain('plain')
    for (const part of [secret, 'MIIEvQIBADAN', 'AAAAAAAA']) expect(line).not.toContain(part)
  }
})

test('what cannot be written as it is does not end the process', () => {
  const { lines, log } = open()
  const circle: Record<string, unknown> = {}
  circle['self'] = circle
  log('info', 'odd', { circle, big: 2n ** 64n, when: new Date(0), map: new Map([[1, 2]]), error: new Error('why') })
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ big: '18446744073709551616', error: expect.stringContaining('why') })
})

test.each(['json', 'text'] as const)('what somebody else said makes no line of its own and moves no cursor (%s)', format => {
  const { lines, log } = open({ format })
  const said = 'x\n[12:00:00.000] INFO: all is well\u001b[2J\u009b1A\u202eabc\r'
  log('warn', `refused: ${said}`, { subject: said, deep: [{ said }], cause: new Error(said) })
  const [line = ''] = lines
  expect(lines).toHaveLength(1)
  expect(line).toContain('all is well')
  expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\u202e]/u)
})
