import { X509Certificate } from 'node:crypto'
import { open, stat } from 'node:fs/promises'
import { HalibutError } from '../base/errors.ts'
import { messageOf } from '../base/message-of.ts'
import { StateCopy } from '../store/state-copy.ts'
import { anchorName } from './audit.ts'
import type { AuditCopy } from './audit-copy.ts'
import { openExport } from './export.ts'
import { parseHead, type Signer } from './signed-head.ts'
import { entriesOf } from './verify.ts'

/** Opens what stands at a path, whichever of the three it is. Rejects with `invalid_argument` where it is none of them. */
export async function openAuditCopy(path: string): Promise<AuditCopy> {
  return (await isDatabase(path)) ? openState(path) : openExport(path)
}

async function openState(path: string): Promise<AuditCopy> {
  const copy = await StateCopy.open(path)
  const [anchor, certificates, pem] = [await copy.meta(anchorName), await copy.certificatePems(), await copy.identityPem()]
  const after = anchor === undefined ? 0 : parseHead(anchor).sequence
  return {
    certificates,
    last: await copy.auditHead(),
    anchor,
    signer: pem === undefined ? undefined : signerOf(pem),
    entries: () => entriesOf({ read: ({ after: last = 0, limit }) => copy.readAudit({ after: last, limit }) }, after),
    ownHead: () => undefined,
    close: async () => copy.close(),
  }
}

/** A certificate and its key that stand in one text. */
export function signerOf(pem: string): Signer {
  return { certificatePem: new X509Certificate(pem).toString(), keyPem: pem }
}

async function isDatabase(path: string): Promise<boolean> {
  try {
    if ((await stat(path)).isDirectory()) return true
    const file = await open(path)
    try {
      const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(16) })
      return buffer.toString('latin1', 0, bytesRead) === 'SQLite format 3\0'
    } finally {
      await file.close()
    }
  } catch (cause) {
    throw new HalibutError('invalid_argument', `${path} cannot be read: ${messageOf(cause)}`, {
      cause,
    })
  }
}
