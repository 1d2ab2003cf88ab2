import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

/** One instruction: `COPY`, with its words; what stands in brackets is read as JSON. */
export interface Instruction {
  readonly name: string
  /** `--from=build`: by name. */
  readonly flags: Readonly<Record<string, string>>
  readonly words: readonly string[]
  readonly text: string
}

/** The stages of a container file, each with its instructions, `FROM` first. */
export function readContainerfile(path: string): Instruction[][] {
  const stages: Instruction[][] = []
  const lines = readFileSync(resolve(path), 'utf8')
    .split('\n')
    .filter(line => !line.startsWith('#'))
    .join('\n')
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .filter(line => line.trim() !== '')
  for (const line of lines) {
    const [, name = '', rest = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? []
    if (name === '') throw new Error(`${path}: this is no instruction: ${line}`)
    if (name === 'FROM') stages.push([])
    const [, flags = '', text = ''] = /^((?:--\S+ )*)(.*)$/.exec(rest) ?? []
    stages.at(-1)?.push({ name, flags: Object.fromEntries(flagsOf(flags)), words: wordsOf(text), text })
  }
  return stages
}

function flagsOf(text: string): [string, string][] {
  return [...text.matchAll(/--([a-z-]+)=(\S+)/g)].map(([, name = '', value = '']) => [name, value])
}

function wordsOf(text: string): readonly string[] {
  const [, json] = /(\[.*\])$/.exec(text) ?? []
  return json === undefined ? text.split(/\s+/) : (JSON.parse(json) as string[])
}
