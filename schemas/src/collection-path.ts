/** Places of an answer that are looked at for one path. */
const mostPlaces = 100_000

/** A step of a path: to a member, to an item (from the end where it is negative), or to all of them; or to all of that at any depth. */
export type Step = { readonly to: string | number | 'all'; readonly all?: true; readonly deep?: true }

/** A place in an answer, and what stands there. */
export interface Found {
  /** As a path that leads there alone. */
  readonly path: string
  readonly value: unknown
}

/**
 * Takes a JSON path apart: of RFC 9535 names (`.Title`, `['a title']`), indexes (`[0]`, `[-1]`), all of them (`[*]`, `.*`), and any depth
 * (`..Title`). Throws a SyntaxError for what is not known here, filters and slices among it.
 */
export function parsePath(text: string): readonly Step[] {
  if (!text.startsWith('$')) throw new SyntaxError('a path begins with $')
  const steps: Step[] = []
  let at = 1
  while (at < text.length) {
    const rest = text.slice(at)
    const deep = rest.startsWith('..')
    const found = take(deep ? rest.slice(rest[2] === '[' ? 2 : 1) : rest)
    if (!found) throw new SyntaxError(`${JSON.stringify(rest.slice(0, 20))} at character ${at + 1} is no step of a path that is known here`)
    steps.push({ ...found.step, ...(deep ? { deep } : {}) })
    at += found.length + (deep ? (rest[2] === '[' ? 2 : 1) : 0)
  }
  return steps
}

const named = /^\.([\p{L}_$][\p{L}\p{N}_$-]*)/u
const quoted = /^\[\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*\]/
const indexed = /^\[\s*(-?\d{1,9})\s*\]/
const every = /^(?:\.\*|\[\s*\*\s*\])/

function take(rest: string): { readonly step: Step; readonly length: number } | undefined {
  const [all] = every.exec(rest) ?? []
  if (all !== undefined) return { step: { to: 'all', all: true }, length: all.length }
  const [name, plain = ''] = named.exec(rest) ?? []
  if (name !== undefined) return { step: { to: plain }, length: name.length }
  const [index, digits] = indexed.exec(rest) ?? []
  if (index !== undefined) return { step: { to: Number(digits) }, length: index.length }
  const [member, single, double] = quoted.exec(rest) ?? []
  if (member === undefined) return undefined
  // A quote that is not the closing one is escaped in both, and JSON knows one of them.
  const body = double ?? single?.replaceAll(/\\'|"/g, each => (each === '"' ? '\\"' : "'")) ?? ''
  try {
    return { step: { to: JSON.parse(`"${body}"`) as string }, length: member.length }
  } catch {
    return undefined
  }
}

/** Whether a path leads to one place at most. */
export function isSingular(steps: readonly Step[]): boolean {
  return steps.every(({ all, deep }) => !all && !deep)
}

/** Where a path leads, in the order of the answer. Throws a RangeError where it would look at more than 100,000 places. */
export function select(value: unknown, steps: readonly Step[]): readonly Found[] {
  let looks = 0
  const count = (more: number): void => {
    looks += more
    if (looks > mostPlaces) throw new RangeError(`the path leads through more than ${mostPlaces.toLocaleString('en')} places`)
  }
  let found: readonly Found[] = [{ path: '$', value }]
  for (const step of steps) {
    const next: Found[] = []
    for (const each of found) {
      for (const from of step.deep ? descendants(each, count) : [each]) {
        const there = stepFrom(from, step)
        count(there.length)
        for (const to of there) next.push(to)
      }
    }
    found = next
  }
  return found
}

function stepFrom({ path, value }: Found, { to, all }: Step): readonly Found[] {
  if (typeof value !== 'object' || value === null) return []
  if (all) return childrenOf({ path, value })
  if (typeof to === 'number') {
    if (!Array.isArray(value)) return []
    const index = to < 0 ? value.length + to : to
    return index in value ? [{ path: `${path}[${index}]`, value: value[index] }] : []
  }
  if (Array.isArray(value) || !Object.hasOwn(value, to)) return []
  return [{ path: `${path}${memberText(to)}`, value: (value as Record<string, unknown>)[to] }]
}

function childrenOf({ path, value }: Found): readonly Found[] {
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) return value.map((each, index) => ({ path: `${path}[${index}]`, value: each as unknown }))
  return Object.entries(value).map(([name, each]) => ({ path: `${path}${memberText(name)}`, value: each as unknown }))
}

/** A place and all below it, as they stand. */
function descendants(from: Found, count: (more: number) => void): readonly Found[] {
  const all: Found[] = []
  const open = [from]
  for (let each = open.pop(); each; each = open.pop()) {
    const children = childrenOf(each)
    count(1 + children.length)
    all.push(each)
    for (const child of children.toReversed()) open.push(child)
  }
  return all
}

/** A member as a step of a path. */
export function memberText(name: string): string {
  return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`
}
