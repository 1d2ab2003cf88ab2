import { readFileSync } from 'node:fs'
import { HalibutError } from '../base/errors.ts'
import type { Given, Layer, ReadFile, SettingsProblem } from './layer.ts'
import { problemsOfMeaning } from './meaning.ts'
import { readEnvironment } from './read-environment.ts'
import { readSettingsFile } from './read-file.ts'
import { readFlags } from './read-flags.ts'
import { allSettings, type Settings } from './schema.ts'

/** Where settings come from; tests put their own in. */
export interface SettingsSources {
  /** Without the program’s name and the verb. */
  readonly flags: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
  /** In the place of defaults of the schema, for a program that is for something else. */
  readonly defaults?: Partial<Settings>
  readonly readFile?: ReadFile
}

/** From where a value is, the strongest first. */
export type LayerName = 'flag' | 'environment' | 'file' | 'default'

/** A setting as it counts: what it is, and which layer said so. */
export interface SettingValue extends Given {
  readonly layer: LayerName
}

/** All that was found: every value with its place, and all that is wrong. */
export interface SettingsReading {
  readonly values: ReadonlyMap<keyof Settings, SettingValue>
  readonly problems: readonly SettingsProblem[]
  /** As they count; what is wrong is at its default. */
  readonly settings: Settings
}

/** Flags over environment over one file (`--config`, or HALIBUT_GATEWAY_CONFIG) over defaults. Never throws: what is wrong is told, all of it. */
export function readSettings(sources: SettingsSources): SettingsReading {
  const { defaults = {}, readFile = path => readFileSync(path, 'utf8') } = sources
  const flags = readFlags(sources.flags, readFile)
  const environment = readEnvironment(sources.environment, readFile)
  const path = flags.config ?? environment.config
  const file: Layer = path === undefined ? { values: new Map(), problems: [] } : readSettingsFile(path, readFile)
  const layers = { flag: flags, environment, file } as const
  const values = new Map<keyof Settings, SettingValue>()
  for (const { name, schema } of allSettings) {
    const layer = (['flag', 'environment', 'file'] as const).find(each => layers[each].values.has(name))
    const given = layer && layers[layer].values.get(name)
    const value = structuredClone(defaults[name] ?? schema.default)
    values.set(name, given ? { ...given, layer } : { value, place: 'default', layer: 'default' })
  }
  const settings = Object.fromEntries([...values].map(([name, { value }]) => [name, value])) as Settings
  const problems = [flags, environment, file].flatMap(layer => layer.problems)
  return { values, settings, problems: [...problems, ...problemsOfMeaning(values, settings)] }
}

/** The settings. Throws one `invalid_argument` with every place and reason, a line each. */
export function loadSettings(sources: SettingsSources): Settings {
  const { settings, problems } = readSettings(sources)
  if (problems.length > 0) throw settingsError(problems)
  return settings
}

/** All problems as one error. */
function settingsError(problems: readonly SettingsProblem[]): HalibutError {
  const lines = problems.map(({ place, reason }) => `${place}: ${reason}`)
  const advice = problems.some(({ isUnknown }) => isUnknown) ? 'halibut-gateway help settings tells all settings' : undefined
  return new HalibutError('invalid_argument', lines.join('\n'), { advice })
}
