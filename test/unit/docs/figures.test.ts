import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { attentionCodes } from '@halibut-gateway/schemas'
import { facadeLimits } from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { defaultLimits, gatewayLimits, gatewayRuntimeLimits } from '../../../server/src/base/limits.ts'
import { exitCodes } from '../../../server/src/cli/exit-codes.ts'
import { version } from '../../../server/src/cli/version-text.ts'
import { checkMs } from '../../../server/src/gateway/certificate-files.ts'
import { turnFrames, turnTextBytes } from '../../../server/src/gateway/frame-turns.ts'
import { pageEntries } from '../../../server/src/gateway/rest/read-params.ts'
import { SettingsSchema } from '../../../server/src/settings/schema.ts'

const repository = resolve(import.meta.dirname, '../../..')
const read = (file: string): string => readFileSync(resolve(repository, file), 'utf8').replaceAll(/\s+/g, ' ')

const { properties: settings } = SettingsSchema
const port = settings.port.default
const agentPort = settings.agentPort.default
const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } }
const node = engines.node.replace('>=', '')

/** Milliseconds as the sentences tell them; one that has another form there fails by its own text. */
function time(ms: number): string {
  const written: Readonly<Record<number, string>> = {
    1000: 'a second',
    30000: 'half a minute',
    60000: 'a minute',
    600000: 'ten minutes',
    3600000: 'an hour',
    28800000: 'eight hours',
    86400000: 'a day',
    604800000: 'a week',
  }
  return written[ms] ?? `${ms} ms`
}

const seconds = (ms: number): string => `${ms / 1_000} s`
const minutes = (ms: number): string => `${ms / 60_000} minutes`
const days = (ms: number): string => `${ms / 86_400_000} days`
const kibibytes = (bytes: number): string => `${bytes / 1_024} KiB`
const many = (count: number): string => count.toLocaleString('en-US')

const { expiryAttentionMs, expiryCriticalMs, unusedAttentionMs } = gatewayLimits

/** Parts of sentences with a figure in them, as they stand in a document. */
const figures: Readonly<Record<string, readonly string[]>> = {
  'README.md': [`Node ${node} or later`, `agents that poll (port ${agentPort})`],
  'server/OPERATING.md': [
    `Node ${node} or later`,
    ...['schemas', 'client', 'server'].map(name => `./halibut-gateway-${name}-${version}.tgz`),
    `opens port ${agentPort} to agents`,
    `publish port ${port} for a proxy with TLS alone, and ${agentPort} for agents`,
    `it has no connection for ${seconds(gatewayLimits.pollingGraceMs)}`,
    `one that listens ${gatewayRuntimeLimits.maxConnectionsPerAgent}.`,
    `with that key within ${time(facadeLimits.outcomeMs)} after its end`,
    `(the exit code is ${exitCodes.mayHaveRun.code})`,
    `Results of such calls, of up to ${kibibytes(gatewayLimits.keptResultBytes)} each`,
    `at most ${many(gatewayLimits.contractChars)} characters; there may be ${gatewayLimits.addedContracts} of them`,
    `asks again in ${time(gatewayLimits.pendingLaterMs)}`,
    `so does ${time(gatewayLimits.pendingAgentMs)} without a knock`,
    `beyond ${gatewayLimits.failedSignIns} in ${time(gatewayLimits.failedSignInMs)} from one address the answer is 429`,
    `lasts \`oidcSessionMs\`, ${time(settings.oidcSessionMs.default)} unless set otherwise`,
    `good until then, and ${time(gatewayLimits.jwtSkewMs)} more`,
    `asked for again after ${time(gatewayLimits.jwksMaxAgeMs)}`,
    `not twice within ${time(gatewayLimits.jwksCooldownMs)}`,
    `Both are looked at every ${seconds(checkMs)}`,
    `A page has what was found in ${time(gatewayLimits.auditSearchMs)}`,
    `pauses of ${seconds(gatewayLimits.headRetryMinMs)} up to ${minutes(gatewayLimits.headRetryMaxMs)}`,
    `Every ${seconds(gatewayLimits.storeRetryMs)} the gateway looks whether it can write again`,
    `up to ${many(gatewayLimits.auditOwedEntries)} entries`,
    `keeps the newest ${gatewayLimits.backupsKept}.`,
  ],
  'server/LIMITS.md': [
    `rests after ${turnFrames} frames, or ${kibibytes(turnTextBytes)} of text`,
    `\`--drain-ms\` to come to its end, ${many(settings.drainMs.default)} unless set`,
  ],
  'server/METRICS.md': [
    `is older than ${time(gatewayLimits.backupAttentionMs)}, or there is none ${time(gatewayLimits.backupAttentionMs)} after`,
    `an agent is not trusted | after ${minutes(gatewayLimits.refusedAttentionMs)}`,
    `an agent is offline | after ${time(gatewayLimits.offlineAttentionMs)}`,
    `nobody calls an agent | after ${days(unusedAttentionMs)}`,
    `nobody uses a token | after ${days(unusedAttentionMs)}`,
  ],
  'server/SECURITY.md': [
    `strangers get ${seconds(defaultLimits.untrustedPreambleMs)} and ${kibibytes(defaultLimits.untrustedPreambleMaxChars)}`,
    `works once, for ${seconds(gatewayLimits.ticketMs)}`,
    `lies for ${minutes(facadeLimits.outcomeMs)} in the state folder`,
  ],
  'schemas/REST.md': [
    `at most ${facadeLimits.textBytes / 1_048_576} MiB, nested at most ${facadeLimits.jsonDepth} deep`,
    `\`Idempotency-Key\` of at most ${facadeLimits.idempotencyKeyChars} characters`,
    `the same answer for ${time(facadeLimits.outcomeMs)}`,
    `here ${pageEntries} unless told otherwise`,
    `At most ${gatewayLimits.httpCallsInFlight} requests of one principal`,
  ],
  'server/operations/nginx.conf': [`pings browsers every ${seconds(facadeLimits.pingMs)}`],
  'server/operations/Containerfile': [`127.0.0.1:${port}/readyz`],
  'server/operations/halibut-gateway.service': [`RestartPreventExitStatus=${exitCodes.usage.code} ${exitCodes.settings.code}`],
  'server/operations/alerts.yml': [
    `Certificates at {{ $labels.instance }} expire within ${days(expiryAttentionMs)}`,
    `Tokens of {{ $labels.instance }} expire within ${days(expiryAttentionMs)}`,
    `tokens of {{ $labels.instance }} for ${days(unusedAttentionMs)}`,
  ],
}

test.each(Object.entries(figures))('the figures that %s names are those of the code', (file, sentences) => {
  const text = read(file)
  expect(sentences.filter(sentence => !text.includes(sentence))).toEqual([])
})

test('METRICS.md tells when each kind of what expires needs a person', () => {
  const expiring = attentionCodes.filter(code => code.endsWith('_expires'))
  const rows = [...readFileSync(resolve(repository, 'server/METRICS.md'), 'utf8').matchAll(/^\| `(\w+_expires)` \| [^|]+ \| ([^|]+) \|$/gm)]
  const when = `${days(expiryAttentionMs)} before; critical for the last ${expiryCriticalMs / 86_400_000}`
  expect(rows.filter(([, , text = '']) => text.startsWith(when)).map(([, code]) => code)).toEqual(expiring)
})
