import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const repository = join(import.meta.dirname, '../..')

/** Where the time of day is told to people, or compared with what others say or was written down before a restart. Nothing waits by it there. */
const told = [
  'client-sdk/src/reconnecting.ts',
  'client-sdk/src/testing/test-agents.ts',
  'client-sdk/src/testing/test-calls.ts',
  'server/inspector/src/state/calls.ts',
  'server/inspector/src/state/clock.ts',
  'server/inspector/src/values/form-values.ts',
  'server/src/access/jwt-sign-in.ts',
  'server/src/audit/audit.ts',
  'server/src/audit/backup-folder.ts',
  'server/src/audit/syslog.ts',
  'server/src/doctor/steps.ts',
  'server/src/rpc/call-registry.ts',
  'server/src/rpc/methods/inspect.ts',
  'server/src/runtime/acceptor.ts',
  'server/src/runtime/certificates.ts',
  'server/src/runtime/event-log.ts',
  'server/src/store/backup.ts',
  'server/src/store/mirrored-store.ts',
  'server/src/telemetry/log.ts',
  'server/src/telemetry/tracing.ts',
]

test('the time of day, which may be set back, is asked for only where it is told', () => {
  const folders = ['schemas/src', 'client-sdk/src', 'server/src', 'server/demo', 'server/inspector/src']
  const files = folders.flatMap(folder =>
    readdirSync(join(repository, folder), { recursive: true, encoding: 'utf8' }).map(file => `${folder}/${file}`),
  )
  const asking = files.filter(
    file => /\.tsx?$/.test(file) && /\bDate\.now\b|\bnew Date\(\)/.test(readFileSync(join(repository, file), 'utf8')),
  )
  expect(asking.sort()).toEqual(told)
})
