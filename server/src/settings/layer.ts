import { misfit } from '@halibut-gateway/schemas'
import type { TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { messageOf } from '../base/message-of.ts'
import { nearest } from './nearest.ts'
import { allSettings, type Setting, type Settings } from './schema.ts'

/** What is wrong with the settings, and where. Never with a secret. */
export interface SettingsProblem {
  /** `--port`, `HALIBUT_GATEWAY_PORT`, `settings.json: agents/0/uri`. */
  readonly place: string
  readonly reason: string
  /** It is not the value: there is no such setting at all. */
  readonly isUnknown?: boolean
}

/** A value, and where it stands. */
export interface Given {
  readonly value: unknown
  readonly place: string
}

/** What one source says: flags, the environment, or the file. */
export interface Layer {
  readonly values: Map<keyof Settings, Given>
  readonly problems: SettingsProblem[]
  /** The file that it names. */
  readonly config?: string | undefined
}

/** Gives a file’s text. Throws where it cannot be read. */
export type ReadFile = (path: string) => string

/** A setting by its name, or a secret by the name for the path of its file. */
export function findSetting(name: string): { readonly setting: Setting; readonly isPath: boolean } | undefined {
  const setting = allSettings.find(each => each.name === name)
  if (setting) return { setting, isPath: false }
  const secret = allSettings.find(each => each.isSecret && `${each.name}File` === name)
  return secret && { setting: secret, isPath: true }
}

/** Puts a value into a layer; one that is there already is a problem, but for lists, which go on. */
export function put(layer: Layer, { name }: Setting, given: Given): void {
  const before = layer.values.get(name)
  if (before && Array.isArray(before.value) && Array.isArray(given.value)) {
    layer.values.set(name, { ...before, value: [...before.value, ...given.value] })
  } else if (before) {
    const reason = before.place === given.place ? 'is given twice' : `says the same as ${before.place}: leave one of them out`
    layer.problems.push({ place: given.place, reason })
  } else layer.values.set(name, given)
}

/** Reads a text as a setting’s value into a layer: a flag’s, or an environment variable’s. */
export function putText(layer: Layer, setting: Setting, text: string, place: string): void {
  const { schema } = setting
  const value = parsed(schema, text)
  const error = Value.Errors(schema, value).First()
  if (error) layer.problems.push({ place, reason: `${JSON.stringify(text)}: ${misfit(error)}` })
  else put(layer, setting, { value, place })
}

/** Reads a secret from its file. */
export function putSecretOf(layer: Layer, setting: Setting, path: string, place: string, readFile: ReadFile): void {
  try {
    put(layer, setting, { value: secretIn(readFile(path)), place })
  } catch (cause) {
    layer.problems.push({ place, reason: messageOf(cause) })
  }
}

/** The secret that a file holds, without the mark and the line’s end that editors put there. */
export function secretIn(text: string): string {
  return withoutMark(text).replace(/\r?\n$/, '')
}

/** A text without the byte-order mark that some editors put before it. */
export function withoutMark(text: string): string {
  return text.replace(/^\uFEFF/, '')
}

/** What is said of a name that is none: which one may be meant. */
export function unknown(place: string, what: string, wrong: string, names: readonly string[]): SettingsProblem {
  const meant = nearest(wrong, names)
  return { place, reason: `there is no such ${what}${meant === undefined ? '' : `; perhaps ${meant} is meant`}`, isUnknown: true }
}

function parsed(schema: TSchema, text: string): unknown {
  switch (schema['type']) {
    case 'integer':
      return /^\d{1,15}$/.test(text) ? Number(text) : text
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text
    case 'array':
      return text === '' ? [] : text.split(',').map(part => part.trim())
    default:
      return text
  }
}
