import { X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { agentSide } from '../../../../server/inspector/src/state/about.ts'
import { listeningWays, pollingWays } from '../../../../server/inspector/src/values/attach-commands.ts'
import { readPastedAgent, tidyAddress } from '../../../../server/inspector/src/values/pasted-agent.ts'
import { mismatchIn } from '../../../../server/inspector/src/values/refusal.ts'
import { tidyThumbprint } from '../../../../server/inspector/src/values/thumbprints.ts'
import { testIdentity } from '../../../support/certificates.ts'
import { createScriptedAgent, failureOf } from '../../../support/world.ts'

test('what the gateway says of a wrong pin is told as the two thumbprints', async () => {
  await using world = await createScriptedAgent()
  const pinned = 'A'.repeat(40)
  const failure = await failureOf(world.sayHello({ endpoint: { ...world.endpoint, thumbprint: pinned } }))
  expect(failure.code).toBe('HAL_ERR_THUMBPRINT_MISMATCH')
  const seen = tidyThumbprint(new X509Certificate(testIdentity('agent').certificatePem).fingerprint)
  expect(mismatchIn(failure.message)).toEqual({ expected: pinned, seen })
  expect(mismatchIn('connection refused')).toBeUndefined()
})

test('what is told to whoever attaches an agent names this gateway, also where its address is one of IPv6', () => {
  const side = agentSide({ thumbprint: 'B'.repeat(40), host: '::1', port: 10_943 }, 'gateway.example')
  expect([side.address, side.isLoopback]).toEqual(['https://[::1]:10943/', true])
  const everywhere = agentSide({ ...side, host: '::' }, '[2001:db8::1]')
  expect([everywhere.address, everywhere.isLoopback]).toEqual(['https://[2001:db8::1]:10943/', false])
  const polling = pollingWays(side).flatMap(({ lines }) => lines)
  expect(polling.join()).toContain('--poll https://[::1]:10943/')
  expect(polling.filter(line => line.includes('server-comms'))).toEqual([
    expect.stringContaining(`--thumbprint=${side.thumbprint} --style=TentacleActive --host=::1 --port=10943`),
    expect.stringContaining('/opt/octopus/tentacle/Tentacle'),
  ])
  for (const { lines } of listeningWays(side)) expect(lines.join()).toContain(side.thumbprint)
  expect([side, everywhere].map(each => listeningWays(each)[0]?.lines)).toEqual([
    [expect.stringContaining('--listen 127.0.0.1:10933')],
    [expect.stringContaining('--listen 0.0.0.0:10933')],
  ])
})

test('an agent is read from the line that it prints, and an address as people say it', () => {
  const entry = { id: 'web-1', uri: 'https://10.0.0.1:10933/', thumbprint: 'ab'.repeat(20), services: ['IEcho'] }
  const draft = { agent: 'web-1', uri: entry.uri, thumbprint: 'AB'.repeat(20), services: ['IEcho'] }
  expect(readPastedAgent(`  The agent web-1 listens:\n\n  ${JSON.stringify(entry)}\n`)).toEqual(draft)
  for (const text of ['', '{}', '{"uri": 1}', 'web-1', '{ no }']) expect(readPastedAgent(text)).toBeUndefined()
  expect(['web-1', 'web-1:10', ' https://web-1/ ', 'poll://x/', ''].map(tidyAddress)).toEqual([
    'https://web-1:10933/',
    'https://web-1:10/',
    'https://web-1/',
    'poll://x/',
    '',
  ])
})
