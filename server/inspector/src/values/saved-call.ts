import { asTemplate, type Collection, type SavedCall, type Variables } from '@halibut-gateway/schemas/collection'
import { secretsIn, withValueAt } from './masked-secrets.ts'

/** A call as the form or the history has it. */
export interface CallToSave {
  readonly agent: string
  readonly service: string
  readonly signature: string
  readonly args: readonly unknown[]
  /** The same without what the contract calls a secret. */
  readonly shownArgs: readonly unknown[]
  /** The names of the parameters, where they are known. */
  readonly names: readonly string[]
  readonly timeoutMs?: number | undefined
}

/** A call as it can be saved, and the variables that it needs. */
export interface SaveableCall {
  readonly call: SavedCall
  readonly variables: Variables
}

/**
 * A call as it is saved: where the contract says that something is a secret a variable stands, whose value each run has to say. `taken`: names
 * of calls and variables that there are. Gives why not where it cannot be saved.
 */
export function saveable(
  { agent, service, signature, args, shownArgs, names, timeoutMs }: CallToSave,
  taken: Collection,
): SaveableCall | string {
  if (args.some(arg => holdsFile(arg))) return 'It takes a file, which cannot be saved with it.'
  const variables: Record<string, { secret: true; description: string }> = {}
  let template = asTemplate(args) as unknown[]
  for (const { name, path } of secretsIn(args, shownArgs, names)) {
    const free = freeName(variableName(name), each => Object.hasOwn(variables, each) || isOtherVariable(taken, each))
    variables[free] = { secret: true, description: `${name} of ${methodName(signature)}` }
    template = withValueAt(template, path, `{{${free}}}`) as unknown[]
  }
  return {
    call: {
      name: freeName(methodName(signature), each => taken.calls.some(call => call.name === each), ' '),
      agent: asTemplate(agent) as string,
      service,
      method: signature,
      args: template,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    },
    variables,
  }
}

/** The first name of `name`, `name 2`, `name 3` that is free. */
export function freeName(name: string, isTaken: (name: string) => boolean, gap = ''): string {
  if (!isTaken(name)) return name
  for (let number = 2; ; number++) if (!isTaken(`${name}${gap}${number}`)) return `${name}${gap}${number}`
}

/** A secret that is there is said once for all calls that have it. */
function isOtherVariable({ variables = {} }: Collection, name: string): boolean {
  return Object.hasOwn(variables, name) && variables[name]?.secret !== true
}

function variableName(name: string): string {
  const tidy = name.replaceAll(/[^A-Za-z0-9_-]/g, '_').replace(/^[^A-Za-z]+/, '')
  return tidy === '' ? 'secret' : tidy.slice(0, 48)
}

function methodName(signature: string): string {
  return signature.replace(/\(.*/s, '')
}

/** A file, or the name of one: only a person chooses what of a machine is sent. */
function holdsFile(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return value instanceof File || '$file' in value || Object.values(value).some(holdsFile)
}
