import { X509Certificate } from 'node:crypto'
import { constants, readFileSync } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { RuleSet } from '../access/rule-set.ts'
import { checkRuleTests } from '../access/rule-tests.ts'
import { HalibutError } from '../base/errors.ts'
import { type LogSink, silentLog } from '../base/log.ts'
import { messageOf } from '../base/message-of.ts'
import { type CertificateSource, openCertificateFiles } from '../gateway/certificate-files.ts'
import { loadCertificateFile } from '../runtime/certificates.ts'
import { whyNotListen } from '../socket/listen.ts'
import { readContractFile } from './contract-file.ts'
import type { SettingsProblem } from './layer.ts'
import type { SettingsReading } from './load.ts'
import type { Settings } from './schema.ts'

/** Looks at something outside of the settings; gives what stands in the way. */
interface WorldCheck {
  readonly name: keyof Settings
  readonly look: (settings: Settings) => Promise<readonly string[]>
}

const checks: readonly WorldCheck[] = [
  { name: 'port', look: ({ host, port }) => portProblems(host, port) },
  { name: 'agentPort', look: ({ agentHost, agentPort }) => portProblems(agentHost, agentPort) },
  { name: 'auditAuthorities', look: async settings => failureOf(async () => loadAuthorities(settings)) },
  { name: 'backupFolder', look: ({ backupFolder }) => (backupFolder === '' ? Promise.resolve([]) : folderProblems(resolve(backupFolder))) },
  { name: 'stateFolder', look: ({ stateFolder }) => folderProblems(resolve(stateFolder)) },
  {
    name: 'identity',
    look: async settings => {
      if (settings.identity === '') return []
      return failureOf(() => loadIdentityFile(settings))
    },
  },
  { name: 'tlsCertificate', look: async settings => failureOf(() => loadPageCertificate(settings, silentLog)) },
  // Not at the start: a test that is out of date keeps no gateway from its agents.
  { name: 'rules', look: async ({ rules }) => failureOf(async () => checkRuleTests(new RuleSet(rules))) },
  {
    name: 'contracts',
    look: async ({ contracts }) => (await Promise.all(contracts.map(path => failureOf(async () => readContractFile(path))))).flat(),
  },
]

/** The certificate that the settings name. Throws `certificate_invalid` where it cannot be read, or its key is another one’s. */
export function loadIdentityFile({ identity, identityKey, identityPassword }: Settings) {
  return loadCertificateFile(identity, {
    ...(identityKey === '' ? {} : { keyPath: identityKey }),
    ...(identityPassword === '' ? {} : { password: identityPassword }),
  })
}

/** The certificate of the page, where the settings name one. Throws `certificate_invalid`, and `invalid_argument` where only one of two files is named. */
export async function loadPageCertificate({ tlsCertificate, tlsKey }: Settings, log: LogSink): Promise<CertificateSource | undefined> {
  if (tlsCertificate === '' && tlsKey === '') return undefined
  if (tlsCertificate === '' || tlsKey === '') {
    throw new HalibutError('invalid_argument', 'tlsCertificate and tlsKey belong together, and one of them is missing')
  }
  return await openCertificateFiles({ certificate: tlsCertificate, key: tlsKey }, log)
}

/** The certificates that a webhook or a collector of logs may have theirs from, as PEM, where the settings name a file. Throws `certificate_invalid`. */
export function loadAuthorities({ auditAuthorities: path }: Settings): readonly string[] | undefined {
  if (path === '') return undefined
  try {
    const found = readFileSync(path, 'latin1').match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g)
    if (!found) throw new Error('there is no certificate in it')
    for (const pem of found) new X509Certificate(pem)
    return found
  } catch (cause) {
    throw new HalibutError('certificate_invalid', `${path}: ${messageOf(cause)}`, { cause })
  }
}

/** What of the world does not fit the settings: ports that are taken, a folder that cannot be written, files that are not what they should be. */
export async function problemsOfWorld({ values, settings }: SettingsReading): Promise<SettingsProblem[]> {
  const found = await Promise.all(
    checks.map(async ({ name, look }) => {
      const place = values.get(name)?.place ?? name
      const at = place === 'default' ? `${name} (default)` : place
      return (await look(settings)).map(reason => ({ place: at, reason }))
    }),
  )
  return found.flat()
}

async function portProblems(host: string, port: number): Promise<string[]> {
  const why = await whyNotListen(host, port)
  return why === undefined ? [] : [why]
}

/** It, or where it would be made, must be a folder in which this user may write. */
async function folderProblems(folder: string): Promise<string[]> {
  for (let at = folder; ; at = dirname(at)) {
    const found = await stat(at).catch(() => undefined)
    if (!found) {
      if (at === dirname(at)) return [`${folder} cannot be made`]
      continue
    }
    if (!found.isDirectory()) return [`${at} is no folder`]
    const mayWrite = await access(at, constants.W_OK | constants.X_OK).then(
      () => true,
      () => false,
    )
    return mayWrite ? [] : [`this user may not write in ${at}`]
  }
}

async function failureOf(look: () => Promise<unknown>): Promise<string[]> {
  try {
    await look()
    return []
  } catch (why) {
    if (why instanceof HalibutError) return [why.message]
    throw why
  }
}
