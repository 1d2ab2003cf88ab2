import { isRole } from '@halibut-gateway/schemas/wire'
import { pointerPart } from './json-places.ts'

/** What is wrong with a document, and where: a JSON pointer. */
export interface DocumentIssue {
  readonly pointer: string
  readonly message: string
}

/** The sizes that the gateway takes. */
const limits = { rules: 1_000, tests: 1_000, patterns: 100, patternChars: 256, nameChars: 100, reasonChars: 200 } as const

type Check = (value: unknown, pointer: string) => void

/**
 * What is wrong with a document of rules, as soon as it is typed. The gateway looks at it again; what this does not find is told by it.
 */
export function checkRules(document: unknown): readonly DocumentIssue[] {
  const issues: DocumentIssue[] = []
  const wrong = (pointer: string, message: string): void => void issues.push({ pointer, message })

  const text =
    (most: number, mayBeEmpty = false): Check =>
    (value, pointer) => {
      if (typeof value !== 'string' || (value === '' && !mayBeEmpty)) wrong(pointer, 'a text is expected here')
      else if (value.length > most) wrong(pointer, `this text is longer than ${most} characters`)
    }
  const flag: Check = (value, pointer) => {
    if (typeof value !== 'boolean') wrong(pointer, 'true or false is expected here')
  }
  const role: Check = (value, pointer) => {
    if (typeof value !== 'string' || !isRole(value)) wrong(pointer, 'viewer, operator or admin is expected here')
  }
  const list =
    (most: number, each: Check): Check =>
    (value, pointer) => {
      if (!Array.isArray(value)) return wrong(pointer, 'a list is expected here')
      if (value.length > most) wrong(pointer, `these are ${value.length}, and at most ${most} are taken`)
      for (const [i, item] of value.slice(0, most).entries()) each(item, `${pointer}/${i}`)
    }
  const members =
    (needed: Readonly<Record<string, Check>>, others: Readonly<Record<string, Check>>): Check =>
    (value, pointer) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong(pointer, 'an object is expected here')
      const given = new Map<string, unknown>(Object.entries(value))
      const checks = new Map([...Object.entries(needed), ...Object.entries(others)])
      for (const name of Object.keys(needed)) if (!given.has(name)) wrong(pointer, `${name} is missing`)
      for (const [name, member] of given) {
        const check = checks.get(name)
        if (check) check(member, `${pointer}/${pointerPart(name)}`)
        else wrong(`${pointer}/${pointerPart(name)}`, `${name} is not known; there are ${[...checks.keys()].join(', ')}`)
      }
    }
  const pattern = text(limits.patternChars)
  const who: Check = (value, pointer) => {
    pattern(value, pointer)
    if (typeof value === 'string' && value.startsWith('role:') && !isRole(value.slice(5))) {
      wrong(pointer, `${JSON.stringify(value.slice(5))} is no role: viewer, operator or admin`)
    }
  }
  const patterns = list(limits.patterns, pattern)
  const rule = members(
    { name: text(limits.nameChars), who: list(limits.patterns, who), agents: patterns },
    { services: patterns, methods: patterns, reason: text(limits.reasonChars, true) },
  )
  const test = members(
    { who: text(200), role, agent: text(128), possible: flag },
    { tags: list(64, text(128)), service: text(256), method: text(256) },
  )
  members({ rules: list(limits.rules, rule) }, { tests: list(limits.tests, test) })(document, '')
  for (const [name, places] of namesOf(document)) {
    for (const place of places.slice(1)) wrong(`/rules/${place}/name`, `rules/${places[0]} has the name ${JSON.stringify(name)} already`)
  }
  return issues
}

function namesOf(document: unknown): Map<string, number[]> {
  const found = new Map<string, number[]>()
  const rules: unknown = typeof document === 'object' && document !== null && 'rules' in document ? document.rules : undefined
  if (!Array.isArray(rules)) return found
  for (const [i, rule] of rules.entries()) {
    const name: unknown = typeof rule === 'object' && rule !== null && 'name' in rule ? rule.name : undefined
    if (typeof name !== 'string') continue
    const places = found.get(name)
    if (places) places.push(i)
    else found.set(name, [i])
  }
  return found
}
