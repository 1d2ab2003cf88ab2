import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { HalibutError } from '../base/errors.ts'
import { gatewayLimits } from '../base/limits.ts'
import { makeFolder } from '../base/make-folder.ts'
import { messageOf } from '../base/message-of.ts'
import { headFileOf, writeSignedBackup } from './signed-backup.ts'
import type { Signer } from './signed-head.ts'

/** What {@link BackupFolder} works with. */
export interface BackupFolderOptions {
  readonly folder: string
  /** Writes what is kept into a new file. */
  readonly backUp: (path: string) => Promise<void>
  readonly signer: () => Signer
  /** Hears of each backup that was made. */
  readonly onMade?: (() => void) | undefined
  readonly now?: () => number
}

/** A backup in the folder. */
export interface FolderBackup {
  /** The file in the folder. */
  readonly name: string
  readonly atMs: number
  readonly bytes: number
  readonly sha256: string
  readonly head: string | undefined
}

/** The backups that a gateway makes when it is asked for one: in a folder of its machine, one at a time; the newest ones stay. */
export class BackupFolder {
  readonly #options: BackupFolderOptions
  #isMaking = false
  #lastMs: number | undefined

  constructor(options: BackupFolderOptions) {
    this.#options = options
  }

  /** When the newest one was made that is there; until {@link look} has looked, since the start. */
  get lastMs(): number | undefined {
    return this.#lastMs
  }

  /** Looks when the newest one was made. Where there is no folder there is none. */
  async look(): Promise<void> {
    const made = (await readdir(this.#options.folder).catch(() => [])).filter(name => pattern.test(name)).sort()
    const time = /\d{8}T\d{6}\.\d{3}Z/.exec(made.at(-1) ?? '')?.[0]
    if (time === undefined) return
    this.#lastMs = Date.parse(time.replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)/, '$1-$2-$3:$4:'))
  }

  /** Rejects with `too_many_calls` while another one is made. */
  async make(): Promise<FolderBackup> {
    if (this.#isMaking) throw new HalibutError('too_many_calls', 'a backup is being made', { retryAfterMs: 1_000, advice: 'wait for it' })
    this.#isMaking = true
    try {
      const { folder, backUp, signer, onMade, now = Date.now } = this.#options
      await usable(folder)
      const atMs = now()
      const name = `${prefix}${new Date(atMs).toISOString().replaceAll(/[-:]/g, '')}${suffix}`
      const { bytes, sha256, head } = await writeSignedBackup(join(folder, name), backUp, signer)
      await this.#forget()
      this.#lastMs = atMs
      onMade?.()
      return { name, atMs, bytes, sha256, head }
    } finally {
      this.#isMaking = false
    }
  }

  /** Removes the oldest of those that were made here. */
  async #forget(): Promise<void> {
    const { folder } = this.#options
    const made = (await readdir(folder)).filter(name => pattern.test(name)).sort()
    for (const name of made.slice(0, -gatewayLimits.backupsKept))
      for (const file of [name, headFileOf(name)]) await rm(join(folder, file), { force: true })
  }
}

const prefix = 'halibut-gateway-'
const suffix = '.backup'
const pattern = /^halibut-gateway-\d{8}T\d{6}\.\d{3}Z\.backup$/

async function usable(folder: string): Promise<void> {
  try {
    await makeFolder(folder)
  } catch (cause) {
    throw new HalibutError('storage_failed', `backups cannot be written to ${folder}: ${messageOf(cause)}`, {
      advice: 'make the folder writable, or name another one in the setting backupFolder',
      cause,
    })
  }
}
