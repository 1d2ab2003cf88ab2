import { join, resolve } from 'node:path'
import type { Audit } from '../audit/audit.ts'
import { BackupFolder } from '../audit/backup-folder.ts'
import { HeadSender } from '../audit/head-sender.ts'
import type { Signer } from '../audit/signed-head.ts'
import { parseSyslogAddress, syslogOutlet } from '../audit/syslog.ts'
import { keepUp } from '../audit/upkeep.ts'
import { parseWebhookUrl, webhookOutlet } from '../audit/webhook.ts'
import type { LogSink } from '../base/log.ts'
import { messageOf } from '../base/message-of.ts'
import type { Settings } from '../settings/schema.ts'
import { loadAuthorities } from '../settings/world.ts'
import type { Destinations } from '../socket/destinations.ts'
import type { EmbeddedStore } from '../store/embedded-store.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { version } from './version-text.ts'

/** What {@link startAudit} works with. */
export interface StartAuditOptions {
  readonly store: EmbeddedStore
  readonly audit: Audit
  readonly settings: Settings
  /** Our certificate and its key, as they are now. */
  readonly signer: () => Signer
  readonly destinations: Destinations
  readonly metrics: Metrics
  readonly log: LogSink
  /** Gets what ends all of it, to be run from the last to the first. */
  readonly closers: (() => Promise<void> | void)[]
}

const dayMs = 24 * 60 * 60 * 1_000

/** Writes down that the gateway begins, looks after the audit log, and sends its signed heads away; gives what makes backups when asked. */
export async function startAudit(options: StartAuditOptions): Promise<BackupFolder> {
  const { store, audit, settings, signer, metrics, log, closers } = options
  store.onFlush(metrics.flushed)
  // A gateway whose disk is full at its start says so, and is not ready.
  const note = (action: string): Promise<void> =>
    audit.record({ who: 'gateway', action, outcome: 'done', facts: { version } }).catch((why: unknown) => {
      log('error', `the audit log has no entry of ${action} yet`, { cause: messageOf(why) })
    })
  await note('gateway.started')
  closers.push(() => note('gateway.stopped'))
  closers.push(keepUp({ audit, retention: { maxAgeMs: settings.auditDays * dayMs, maxEntries: settings.auditEntries }, log }))
  const sender = new HeadSender({
    outlets: outletsOf(options),
    head: () => audit.signedHead(),
    everyMs: settings.auditHeadMs,
    log,
    onSent: metrics.headSent,
  })
  closers.push(() => sender.close())
  const backups = new BackupFolder({
    folder: settings.backupFolder === '' ? join(resolve(settings.stateFolder), 'backups') : resolve(settings.backupFolder),
    backUp: path => store.backUp(path),
    signer,
    onMade: () => sender.send(),
  })
  await backups.look()
  return backups
}

function outletsOf({ settings, destinations }: StartAuditOptions) {
  const { auditWebhook, auditWebhookToken: token, auditSyslog } = settings
  const authorities = loadAuthorities(settings)
  return [
    ...(auditWebhook === ''
      ? []
      : [webhookOutlet({ url: parseWebhookUrl(auditWebhook), ...(token !== '' && { token }), authorities, destinations })]),
    ...(auditSyslog === '' ? [] : [syslogOutlet({ ...parseSyslogAddress(auditSyslog), authorities, destinations })]),
  ]
}
