import { findSetting, type Layer, putSecretOf, putText, type ReadFile, unknown } from './layer.ts'
import { allSettings, variableOf, variablePrefix } from './schema.ts'

const configVariable = variableOf('config')
/** What the verbs read that talk to a gateway which runs: where it is, and who asks. */
export const clientVariables = { url: variableOf('url'), token: variableOf('token'), tokenFile: variableOf('tokenFile') } as const

const names = [
  configVariable,
  ...allSettings.flatMap(({ variable, pathVariable }) => [variable, pathVariable].filter(name => name !== undefined)),
]

/** What the variables of the environment say that begin with `HALIBUT_GATEWAY_`. */
export function readEnvironment(environment: Readonly<Record<string, string | undefined>>, readFile: ReadFile): Layer {
  const layer: Layer = { values: new Map(), problems: [] }
  const isClients = (variable: string): boolean => Object.values<string>(clientVariables).includes(variable)
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith(variablePrefix) || text === undefined || variable === configVariable || isClients(variable)) continue
    const words = variable.slice(variablePrefix.length).toLowerCase()
    const found = findSetting(words.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()))
    if (!found || found.setting.variable === undefined || !names.includes(variable)) {
      layer.problems.push(unknown(variable, 'setting', variable, names))
    } else if (found.isPath) putSecretOf(layer, found.setting, text, variable, readFile)
    else putText(layer, found.setting, text, variable)
  }
  return { ...layer, config: environment[configVariable] }
}
