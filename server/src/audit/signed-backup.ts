import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { replaceFile } from '../base/replace-file.ts'
import { type StateContent, StateCopy } from '../store/state-copy.ts'
import { type Signer, signHead } from './signed-head.ts'

/** What the file beside a backup is called that holds the signed head of its audit log. */
export function headFileOf(backup: string): string {
  return `${backup}.head`
}

/** A backup, and what shows later that its audit log is the same. */
export interface SignedBackup {
  readonly bytes: number
  /** Of the file, hexadecimal. */
  readonly sha256: string
  readonly content: StateContent
  /** Of its audit log; `undefined` where that has no entry, or nobody could sign. */
  readonly head: string | undefined
}

/**
 * Makes a backup with `write`, and writes the signed head of its audit log beside it: there are both, or neither. `signerOf`: who signs, where there is
 * somebody.
 */
export async function writeSignedBackup(
  path: string,
  write: (path: string) => Promise<void>,
  signerOf: (copy: StateCopy) => Signer | undefined | Promise<Signer | undefined>,
): Promise<SignedBackup> {
  await write(path)
  try {
    const { content, signer } = await looked(path, signerOf)
    const head = content.auditHead && signer && signHead(content.auditHead, signer)
    if (head !== undefined) await replaceFile(headFileOf(path), head)
    return { bytes: (await stat(path)).size, sha256: await digestOf(path), content, head }
  } catch (why) {
    await rm(path, { force: true })
    throw why
  }
}

async function looked(path: string, signerOf: Parameters<typeof writeSignedBackup>[2]) {
  const copy = await StateCopy.open(path)
  try {
    return { content: await copy.content(), signer: await signerOf(copy) }
  } finally {
    copy.close()
  }
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
