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
const kinds = {
  text: ['a text', (it: unknown) => typeof it === 'string'],
  number: ['a number', (it: unknown) => typeof it === 'number' && !Number.isNaN(it)],
  boolean: ['true or false', (it: unknown) => typeof it === 'boolean'],
  function: ['a function', (it: unknown) => typeof it === 'function'],
  object: ['an object', (it: unknown) => typeof it === 'object' && it !== null && !Array.isArray(it)],
  list: ['a list', (it: unknown) => Array.isArray(it)],
  signal: ['an AbortSignal', (it: unknown) => typeof (it as Partial<AbortSignal> | null)?.addEventListener === 'function'],
  /** Looked at elsewhere. */
  any: ['anything', () => true],
} as const satisfies Record<string, readonly [wanted: string, fits: (it: unknown) => boolean]>

export type ArgumentKind = keyof typeof kinds

/** The kind of each member of an object of options. */
export type OptionKinds<T> = { readonly [K in keyof T]-?: ArgumentKind }

/** Throws `invalid_argument` with the place and the reason. Callers without types may give anything. */
export function checkArgument(value: unknown, where: string, kind: ArgumentKind): void {
  const [wanted, fits] = kinds[kind]
  if (!fits(value)) throw new HalibutError('invalid_argument', `${where}: it must be ${wanted}, not ${argumentText(value)}`)
}

/** The same for an object of options: each is of its kind or `undefined`, the `required` ones are there, and there are no others. */
export function checkOptions<T>(given: unknown, where: string, table: OptionKinds<T>, required: readonly (keyof T & string)[] = []): void {
  checkArgument(given, where, 'object')
  const members = given as Record<string, unknown>
  // Texts are made for errors alone: calls come this way.
  for (const name of Object.keys(members)) {
    const kind = Object.hasOwn(table, name) ? table[name as keyof T] : undefined
    if (kind === undefined) {
      const known = Object.keys(table).join(', ')
      throw new HalibutError('invalid_argument', `${where}: there is no ${JSON.stringify(name)}; those are ${known}`)
    }
    const value = members[name]
    if (value !== undefined && !kinds[kind][1](value)) checkArgument(value, `${where}: ${name}`, kind)
  }
  for (const name of required) if (members[name] === undefined) checkArgument(undefined, `${where}: ${name}`, table[name])
}
