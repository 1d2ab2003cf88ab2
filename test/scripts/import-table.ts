import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { cruise, type IConfiguration, type ICruiseResult } from 'dependency-cruiser'

/** What the import table says about the sources below a folder. */
export interface ImportTableResult {
  /** How many modules of ours were seen. */
  readonly modules: number
  /** One line a forbidden import: the rule, who imports, and what. */
  readonly violations: readonly string[]
}

const repository = resolve(import.meta.dirname, '../..')
const sources = ['schemas/src', 'client-sdk/src', 'server/src', 'server/demo', 'server/inspector/src']

/**
 * Holds the sources below `baseDir` (default: this repository) against `.dependency-cruiser.cjs`.
 * Throws when no module was seen: a tool that cannot read the sources finds nothing wrong with them either.
 */
export async function checkImportTable(baseDir: string = repository): Promise<ImportTableResult> {
  const configuration = createRequire(import.meta.url)(join(repository, '.dependency-cruiser.cjs')) as IConfiguration
  const { options, ...ruleSet } = configuration
  const present = sources.filter(folder => existsSync(join(baseDir, folder)))
  const { output } = await cruise(present, { ...options, baseDir, ruleSet, validate: true })
  if (typeof output === 'string') throw new Error('dependency-cruiser answered with text where its result was expected')
  const result: ICruiseResult = output
  const modules = result.modules.filter(module => sources.some(folder => module.source.startsWith(`${folder}/`))).length
  if (modules === 0) throw new Error(`the import table saw no module below ${baseDir}`)
  const violations = result.summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} imports ${to}`)
  return { modules, violations: violations.toSorted() }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { modules, violations } = await checkImportTable()
  for (const violation of violations) console.error(violation)
  console.log(`import table: ${modules} modules, ${violations.length} forbidden imports`)
  if (violations.length > 0) process.exitCode = 1
}
