import { session } from '../../page.ts'
import { createAuditExport } from '../../state/audit-export.ts'
import { createAuditList } from '../../state/audit-list.ts'
import { createAuditVerification } from '../../state/audit-verification.ts'
import { now } from '../../state/clock.ts'
import { createLoaded } from '../../state/loaded.ts'
import { saveAs } from '../../values/save-as.ts'

// Made when somebody opens the audit log for the first time.

const time = (): number => now.peek()

export const list = createAuditList(session, time)
export const verification = createAuditVerification(session)
export const head = createLoaded(session, client => client.request('audit.head', {}))
export const exported = createAuditExport(session, time, lines => {
  const day = new Date(time()).toISOString().slice(0, 10)
  saveAs(
    new Blob(
      lines.map(line => `${line}\n`),
      { type: 'application/jsonl' },
    ),
    `audit-${day}.jsonl`,
  )
})
