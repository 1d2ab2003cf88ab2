import { findSetting, type Layer, putSecretOf, putText, type ReadFile, unknown } from './layer.ts'
import { allSettings, flagOf } from './schema.ts'

const names = ['--config', ...allSettings.flatMap(({ flag, pathFlag }) => [flag, pathFlag].filter(name => name !== undefined))]

/** What flags say: `--name value`, `--name=value`, `--switch`, `--no-switch`. A list may be given several times, or with commas. */
export function readFlags(flags: readonly string[], readFile: ReadFile): Layer {
  const layer: Layer = { values: new Map(), problems: [] }
  let config: string | undefined
  for (let i = 0; i < flags.length; i++) {
    const flag = flags[i] ?? ''
    const [, negated, name, attached] = /^--(no-)?([a-z][a-z0-9-]*)(?:=(.*))?$/s.exec(flag) ?? []
    if (name === undefined) {
      layer.problems.push({ place: flag, reason: 'is not a flag; flags are written --name value', isUnknown: true })
      continue
    }
    const place = `--${name}`
    const found = findSetting(name.replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()))
    const isKnown = place === '--config' || (found && flagOf(`${found.setting.name}${found.isPath ? 'File' : ''}`) === place)
    if (!isKnown || (found?.setting.variable === undefined && place !== '--config')) {
      layer.problems.push(unknown(place, 'flag', place, names))
      // What follows is its value, not a mistake of its own.
      if (attached === undefined && flags[i + 1]?.startsWith('-') === false) i++
      continue
    }
    const isSwitch = found?.setting.schema['type'] === 'boolean' && attached === undefined
    const text = negated ? 'false' : isSwitch ? 'true' : (attached ?? flags[++i])
    if (negated && !isSwitch) layer.problems.push({ place: flag, reason: 'only a switch can be turned off' })
    else if (text === undefined) layer.problems.push({ place: flag, reason: 'a value is missing' })
    else if (!found) config = text
    else if (found.isPath) putSecretOf(layer, found.setting, text, place, readFile)
    else if (found.setting.isSecret) {
      const reason = `is a secret, and everybody on this machine sees the arguments of a process: use ${found.setting.pathFlag} or ${found.setting.variable}`
      layer.problems.push({ place, reason })
    } else putText(layer, found.setting, text, place)
  }
  return { ...layer, config }
}
