import { HalibutError } from './errors.ts'

/** How an argument that does not fit is told: its kind, never text that may be a secret. */
export function argumentText(value: unknown): string {
  if (value === undefined || value === null) return String(value)
  if (typeof value === 'string') return value === '' ? 'an empty text' : 'a text'
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** What an argument may be: how that is said, and whether a value is it. */
interface Kind {
  readonly wanted: string
  readonly fits: (it: unknown) => boolean
}

const kinds = {
  text: { wanted: 'a text', fits: it => typeof it === 'string' },
  number: { wanted: 'a number', fits: it => typeof it === 'number' && !Number.isNaN(it) },
  boolean: { wanted: 'true or false', fits: it => typeof it === 'boolean' },
  function: { wanted: 'a function', fits: it => typeof it === 'function' },
  object: { wanted: 'an object', fits: it => typeof it === 'object' && it !== null && !Array.isArray(it) },
  list: { wanted: 'a list', fits: it => Array.isArray(it) },
  signal: { wanted: 'an AbortSignal', fits: it => typeof (it as Partial<AbortSignal> | null)?.addEventListener === 'function' },
  /** Looked at elsewhere. */
  any: { wanted: 'anything', fits: () => true },
} as const satisfies Record<string, Kind>

export type ArgumentKind = keyof typeof kinds

/** Throws `invalid_argument` with the place and the reason. Callers without types may give anything. */
export function checkArgument(value: unknown, where: string, kind: ArgumentKind): void {
  checkKind(value, where, kinds[kind])
}

function checkKind(value: unknown, where: string, { wanted, fits }: Kind): void {
  if (!fits(value)) throw new HalibutError('invalid_argument', `${where}: it must be ${wanted}, not ${argumentText(value)}`)
}

/** The kind of each member of an object of options, and which must be there. Made once: calls come this way. */
export class OptionKinds<T> {
  readonly #kinds: ReadonlyMap<string, Kind>
  readonly #required: readonly string[]

  constructor(table: { readonly [K in keyof T]-?: ArgumentKind }, required: readonly (keyof T & string)[] = []) {
    this.#kinds = new Map(Object.entries<ArgumentKind>(table).map(([name, kind]) => [name, kinds[kind]]))
    this.#required = required
  }

  /** Throws `invalid_argument` unless each member is of its kind or `undefined`, the required ones are there, and there are no others. */
  check(given: unknown, where: string): void {
    checkArgument(given, where, 'object')
    const members = given as Record<string, unknown>
    for (const name in members) {
      const kind = this.#kinds.get(name)
      if (!kind) throw this.#unknown(name, where)
      const value = members[name]
      if (value !== undefined && !kind.fits(value)) checkKind(value, `${where}: ${name}`, kind)
    }
    for (const name of this.#required) {
      if (members[name] === undefined) checkKind(undefined, `${where}: ${name}`, this.#kinds.get(name) ?? kinds.any)
    }
  }

  #unknown(name: string, where: string): HalibutError {
    const known = [...this.#kinds.keys()].join(', ')
    return new HalibutError('invalid_argument', `${where}: there is no ${JSON.stringify(name)}; those are ${known}`)
  }
}
