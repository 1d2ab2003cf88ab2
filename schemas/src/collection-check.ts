import type { Collection, SavedCall, Variables } from './collection.ts'
import { parsePath } from './collection-path.ts'
import { search } from './collection-pattern.ts'
import type { FileProblem } from './collection-problems.ts'
import { namesIn } from './collection-variables.ts'

/** What is wrong with calls whose form is right: names, variables that are none, paths and patterns. */
export function checkCalls({ calls, variables = {} }: Collection): readonly FileProblem[] {
  const names = new Set<string>()
  return [
    ...Object.entries(variables).flatMap(([name, variable]) => checkVariable(name, variable)),
    ...calls.flatMap((call, index) => {
      const place = `/calls/${index}`
      const isTwice = names.has(call.name)
      names.add(call.name)
      return [
        ...(isTwice ? [{ place: `${place}/name`, reason: `there is another call ${JSON.stringify(call.name)}` }] : []),
        ...checkTarget(call, place),
        ...checkNames(call, place, variables),
        ...checkAssertions(call, place),
      ]
    }),
  ]
}

function checkVariable(name: string, { value, secret }: Variables[string]): readonly FileProblem[] {
  if (!secret || value === undefined) return []
  return [{ place: `/variables/${name}/value`, reason: 'a secret has no value in a file: each run has to say it' }]
}

function checkTarget({ agent, tag }: SavedCall, place: string): readonly FileProblem[] {
  if ((agent === undefined) !== (tag === undefined)) return []
  return [{ place, reason: agent === undefined ? 'it needs an agent or a tag' : 'it has an agent and a tag; only one of them can be' }]
}

function checkNames(call: SavedCall, place: string, variables: Variables): readonly FileProblem[] {
  const { agent, tag, service, method, args, assertions = [] } = call
  const expected = assertions.map(assertion => ('equals' in assertion ? assertion.equals : undefined))
  const parts: readonly (readonly [string, unknown])[] = [
    ['agent', agent],
    ['tag', tag],
    ['service', service],
    ['method', method],
    ...args.map((arg, index) => [`args/${index}`, arg] as const),
    ...expected.map((value, index) => [`assertions/${index}/equals`, value] as const),
  ]
  return parts.flatMap(([part, template]) =>
    [...namesIn(template)]
      .filter(name => !Object.hasOwn(variables, name))
      .map(name => ({
        place: `${place}/${part}`,
        reason: `there is no variable ${name}; a text that looks like one is written \\{{${name}}}`,
      })),
  )
}

function checkAssertions({ assertions = [] }: SavedCall, place: string): readonly FileProblem[] {
  return assertions.flatMap((assertion, index) => {
    const its = `${place}/assertions/${index}`
    return [
      ...('path' in assertion ? thrownBy(`${its}/path`, () => parsePath(assertion.path)) : []),
      ...('matches' in assertion ? thrownBy(`${its}/matches`, () => search(assertion.matches)) : []),
    ]
  })
}

function thrownBy(place: string, check: () => unknown): readonly FileProblem[] {
  try {
    check()
    return []
  } catch (why) {
    if (why instanceof SyntaxError) return [{ place, reason: why.message }]
    throw why
  }
}
