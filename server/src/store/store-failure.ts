import { HalibutError } from '../base/errors.ts'

/** What SQLite or the file system said, told to a person. */
export function toStoreError(path: string, why: unknown): HalibutError {
  if (why instanceof HalibutError) return why
  const { code = '', message } = why instanceof Error ? (why as Error & { code?: string }) : { message: String(why) }
  const known = failures.find(([pattern]) => pattern.test(code))
  const [, reason, advice] = known ?? [undefined, message, 'look at the disk that it is on; restore a backup where it is damaged']
  return new HalibutError('internal_error', `the state in ${path} cannot be used: ${reason}`, { advice, retryable: true, cause: why })
}

const failures: readonly (readonly [RegExp, string, string])[] = [
  [/^(SQLITE_FULL|ENOSPC|EDQUOT)/, 'the disk is full', 'free space on it; until then nothing is changed, and agents are served as before'],
  [
    /^(SQLITE_READONLY|SQLITE_PERM|SQLITE_CANTOPEN|EROFS|EACCES|EPERM)/,
    'it cannot be written to',
    'make the folder writable for this user, and its disk too; until then nothing is changed, and agents are served as before',
  ],
  [
    /^(SQLITE_IOERR|EIO)/,
    'the disk does not work',
    'look at the system’s log; until it works nothing is changed, and agents are served as before',
  ],
  [/^(SQLITE_CORRUPT|SQLITE_NOTADB)/, 'it is damaged', 'stop the gateway and restore a backup'],
]
