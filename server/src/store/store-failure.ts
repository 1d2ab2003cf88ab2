import { HalibutError } from '../base/errors.ts'

/** What SQLite or the file system said, told to a person. */
export function toStoreError(path: string, why: unknown): HalibutError {
  if (why instanceof HalibutError) return why
  const { code = '', message } = why instanceof Error ? (why as Error & { code?: string }) : { message: String(why) }
  const known = failures.find(([pattern]) => pattern.test(code))
  const [, kind, reason, advice] = known ?? [
    undefined,
    'internal_error' as const,
    message,
    'look at the disk that it is on; restore a backup where it is damaged',
  ]
  return new HalibutError(kind, `the state in ${path} cannot be used: ${reason}`, {
    advice,
    retryable: kind === 'storage_failed',
    cause: why,
  })
}

const meanwhile = 'until then nothing is changed and no agent is called, and the gateway goes on by itself when it can'

const failures: readonly (readonly [RegExp, 'storage_failed' | 'internal_error', string, string])[] = [
  [/^(SQLITE_FULL|ENOSPC|EDQUOT)/, 'storage_failed', 'the disk is full', `free space on it; ${meanwhile}`],
  [
    /^(SQLITE_READONLY|SQLITE_PERM|SQLITE_CANTOPEN|EROFS|EACCES|EPERM)/,
    'storage_failed',
    'it cannot be written to',
    `make the folder writable for this user, and its disk too; ${meanwhile}`,
  ],
  [/^(SQLITE_IOERR|EIO)/, 'storage_failed', 'the disk does not work', `look at the system’s log; ${meanwhile}`],
  [/^(SQLITE_CORRUPT|SQLITE_NOTADB)/, 'internal_error', 'it is damaged', 'stop the gateway and restore a backup'],
]
