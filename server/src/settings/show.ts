import type { LayerName, SettingsReading } from './load.ts'
import { allSettings } from './schema.ts'

/** A setting as it is shown: a secret only whether there is one. */
export interface ShownSetting {
  readonly name: string
  readonly value: unknown
  readonly from: LayerName
  /** The flag, the variable, or the file and the member. */
  readonly place: string
}

const mask = '***'

/** Every setting with where it came from. */
export function shownSettings({ values }: SettingsReading): ShownSetting[] {
  return allSettings.flatMap(({ name, isSecret }) => {
    const found = values.get(name)
    if (!found) return []
    return [{ name, value: isSecret && found.value !== '' ? mask : found.value, from: found.layer, place: found.place }]
  })
}

/** The table of all settings for a document, in Markdown. */
export function settingsTable(): string {
  const rows = allSettings.map(({ name, schema, flag, variable, pathFlag, pathVariable }) => {
    const code = (text: string | undefined): string => (text === undefined ? '' : `\`${text}\``)
    const variables = [variable, pathVariable].map(code).filter(text => text !== '')
    return `| \`${name}\` | ${code(flag ?? pathFlag)} | ${variables.join(', ')} | \`${JSON.stringify(schema.default)}\` | ${schema.description} |`
  })
  return ['| in the file | flag | variable | default | what it is |', '| --- | --- | --- | --- | --- |', ...rows].join('\n')
}

/** One line for each setting that has a flag. */
export function settingsHelp(): string {
  const lines = allSettings.flatMap(({ schema, flag, pathFlag }) => {
    if (flag !== undefined) return [helpLine(flag, `${schema.description}${defaultText(schema.default)}`)]
    return pathFlag === undefined ? [] : [helpLine(pathFlag, `a file with ${schema.description}`)]
  })
  return [...lines, helpLine('--config', 'a JSON file with any of these, and agents')].join('\n')
}

function helpLine(flag: string, description: string): string {
  return `  ${flag.padEnd(25)} ${description}`
}

function defaultText(value: unknown): string {
  return value === '' || (Array.isArray(value) && value.length === 0) ? '' : ` (default ${value})`
}
