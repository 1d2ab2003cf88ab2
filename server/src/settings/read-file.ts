import { misfit } from '@halibut-gateway/schemas'
import { type TObject, type TSchema, Type } from '@sinclair/typebox'
import { Value, type ValueError, ValueErrorType } from '@sinclair/typebox/value'
import { messageOf } from '../base/message-of.ts'
import { normaliseThumbprint } from '../socket/thumbprint.ts'
import { findSetting, type Layer, put, putSecretOf, type ReadFile, type SettingsProblem, unknown, withoutMark } from './layer.ts'
import { allSettings, type Settings, SettingsSchema } from './schema.ts'

const pathNames = allSettings.filter(each => each.isSecret).map(({ name }) => `${name}File`)
const FileSchema: TObject = Type.Object(
  {
    ...Type.Partial(SettingsSchema).properties,
    ...Object.fromEntries(pathNames.map(name => [name, Type.Optional(Type.String({ minLength: 1 }))])),
  },
  { additionalProperties: false },
)

/** What a settings file says. */
export function readSettingsFile(path: string, readFile: ReadFile): Layer {
  const layer: Layer = { values: new Map(), problems: [] }
  let json: unknown
  try {
    json = JSON.parse(withoutMark(readFile(path)))
  } catch (cause) {
    layer.problems.push({ place: path, reason: messageOf(cause) })
    return layer
  }
  const wrong = new Set<string>()
  // A member that is missing is told twice: as that, and as one that is not of its type.
  const told = new Set<string>()
  for (const error of Value.Errors(FileSchema, json)) {
    wrong.add(error.path.split('/')[1] ?? '')
    if (told.has(error.path)) continue
    told.add(error.path)
    layer.problems.push(problemOf(path, error))
  }
  if (wrong.has('')) return layer
  for (const [name, value] of Object.entries(json as Record<string, unknown>)) {
    const found = findSetting(name)
    if (!found || wrong.has(name)) continue
    const place = `${path}: ${name}`
    if (found.isPath) putSecretOf(layer, found.setting, String(value), place, readFile)
    else if (name === 'agents') put(layer, found.setting, { value: agentsOf(value as Settings['agents'], place, layer.problems), place })
    else put(layer, found.setting, { value, place })
  }
  return layer
}

function problemOf(file: string, error: ValueError): SettingsProblem {
  const place = `${file}: ${error.path.slice(1) || 'the file'}`
  if (error.type === ValueErrorType.ObjectAdditionalProperties) {
    const names = Object.keys((error.schema as TSchema & { properties: object }).properties)
    return unknown(place, 'setting', error.path.slice(error.path.lastIndexOf('/') + 1), names)
  }
  return { place, reason: error.type === ValueErrorType.ObjectRequiredProperty ? 'is missing' : misfit(error) }
}

/** The agents with their thumbprints in the spelling that is compared. An id or a subscription belongs to one of them. */
function agentsOf(agents: Settings['agents'], place: string, problems: SettingsProblem[]): Settings['agents'] {
  const takenBy = new Map<string, number>()
  return agents.map((agent, i) => {
    const own = { id: `id ${agent.id}`, ...(agent.uri.startsWith('poll:') ? { uri: `subscription ${agent.uri.replace(/\/$/, '')}` } : {}) }
    for (const [member, name] of Object.entries(own)) {
      const other = takenBy.get(name)
      if (other === undefined) takenBy.set(name, i)
      else
        problems.push({ place: `${place}/${i}/${member}`, reason: `the ${name} is that of ${place.split(': ').at(-1)}/${other} already` })
    }
    return { ...agent, thumbprint: agentThumbprint(agent.thumbprint, `${place}/${i}/thumbprint`, problems) }
  })
}

function agentThumbprint(text: string, place: string, problems: SettingsProblem[]): string {
  try {
    const thumbprint = normaliseThumbprint(text, '')
    if (thumbprint.length === 40) return thumbprint
    problems.push({ place, reason: 'an agent is pinned by the SHA-1 of its certificate, 40 hexadecimal digits' })
  } catch (why) {
    problems.push({ place, reason: messageOf(why).replace(/^: /, '') })
  }
  return text
}
