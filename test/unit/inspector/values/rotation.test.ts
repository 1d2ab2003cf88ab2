import { expect, test } from 'vitest'
import { forgetWays, moveWays, newCertificateWays } from '../../../../server/inspector/src/values/rotation-commands.ts'
import { type OwnCertificate, rotationStep } from '../../../../server/inspector/src/values/rotation-steps.ts'

const [old, fresh] = ['A'.repeat(40), 'B'.repeat(40)]
const own = (state: OwnCertificate['state'], thumbprint: string, added = '2026-01-01T00:00:00Z'): OwnCertificate => ({
  state,
  thumbprint,
  thumbprint256: thumbprint,
  subject: 'CN=gateway',
  notAfter: '2030-01-01T00:00:00Z',
  ports: [],
  added,
})

test('where the gateway is on the way from one certificate to another is told by its certificates', () => {
  const [present, next, previous] = [own('present', old), own('next', fresh), own('previous', fresh)]
  const late = '2026-02-01T00:00:00Z'
  expect(rotationStep([present, own('retired', fresh)])).toEqual({ at: 'one', present })
  expect(rotationStep([present, next])).toEqual({ at: 'both', old: present, fresh: next })
  expect(rotationStep([previous, present])).toEqual({ at: 'promoted', old: previous, fresh: present })
  // The new one was promoted, and taken back.
  const back = own('previous', fresh, late)
  expect(rotationStep([present, back])).toEqual({ at: 'both', old: present, fresh: back })
  expect(rotationStep([])).toEqual({ at: 'one', present: undefined })
})

test('the commands for an agent name the new certificate, and for one that polls where it finds it', () => {
  const move = { old, fresh, host: 'gateway.example', port: 10_944 }
  const lines = (mode: 'listening' | 'polling', uri: string, name = 'web-1'): string[] =>
    moveWays({ mode, uri, name }, move).flatMap(way => way.lines)
  const polling = lines('polling', 'poll://web-1/')
  expect(polling.filter(line => line.includes(fresh)).length).toBe(5)
  expect(polling.some(line => line.includes('--host=gateway.example --port=10944'))).toBe(true)
  expect(polling.at(-1)).toBe(
    `halibut-gateway agent --trust ${fresh} --poll https://gateway.example:10944/ --subscription poll://web-1/ --name web-1`,
  )
  const listening = lines('listening', 'https://10.0.0.1:10933/', 'web 1')
  expect(listening.some(line => line.includes('server-comms'))).toBe(false)
  expect(listening.at(-1)).toBe(`halibut-gateway agent --trust ${old} --trust ${fresh} --listen 0.0.0.0:10933 --name 'web 1'`)
  expect(
    forgetWays({ mode: 'polling' }, { old })
      .flatMap(way => way.lines)
      .filter(line => line.includes(`--remove-trust=${old}`)).length,
  ).toBe(2)
  expect(newCertificateWays().every(way => way.lines.some(line => line.includes('new-certificate')))).toBe(true)
})
