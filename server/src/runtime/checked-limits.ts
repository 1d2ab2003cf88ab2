import { checkArgument } from '../base/argument.ts'
import { HalibutError } from '../base/errors.ts'
import { defaultLimits, type Limits } from '../base/limits.ts'

/**
 * Overrides on top of `base`; those that are `undefined` leave it as it is. `where` names the place for the error.
 * @throws {HalibutError} `invalid_argument` for a limit that does not exist, is negative or no number, or may not be set here.
 */
export function checkedLimits<K extends keyof Limits>(
  base: Pick<Limits, K>,
  overrides: Partial<Limits> | undefined,
  where = 'limits',
  allowed: readonly string[] = Object.keys(defaultLimits),
): Pick<Limits, K> {
  if (overrides !== undefined) checkArgument(overrides, where, 'object')
  const given = Object.entries(overrides ?? {}).filter(([, value]) => value !== undefined)
  for (const [name, value] of given) {
    if (!Object.hasOwn(defaultLimits, name)) throw invalid(where, `there is no limit named ${JSON.stringify(name)}`)
    if (!allowed.includes(name)) throw invalid(where, `${name} is a limit of the whole runtime; here may stand ${allowed.join(', ')}`)
    const wanted = typeof defaultLimits[name as keyof Limits]
    if (typeof value !== wanted) throw invalid(`${where}.${name}`, `it must be a ${wanted}, not ${describe(value)}`)
    if (typeof value === 'number' && !(value >= 0 && Number.isFinite(value))) {
      throw invalid(`${where}.${name}`, `it must be a number of 0 or more, not ${value}`)
    }
  }
  return { ...base, ...Object.fromEntries(given) }
}

function describe(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : value === null ? 'null' : `a ${typeof value}`
}

function invalid(where: string, reason: string): HalibutError {
  return new HalibutError('invalid_argument', `${where}: ${reason}`)
}
