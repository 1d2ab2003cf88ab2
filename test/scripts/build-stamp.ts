import { createHash, type Hash } from 'node:crypto'
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** What a build is made of and what it makes. Paths begin at `root`; one that ends nowhere counts as absent. */
export interface BuildPlan {
  readonly root: string
  /** Files, and folders with all that is in them but for `outputs`, `node_modules` and {@link ignored}. */
  readonly inputs: readonly string[]
  readonly ignored?: (path: string) => boolean
  /** What else the result depends on. */
  readonly settings: readonly string[]
  readonly outputs: readonly string[]
  /** Where is written down what was built of what. */
  readonly stamp: string
  /** Builds. `anew`: what is there is not what was built, so that nothing of it may be relied upon. Rejects where it fails. */
  run(anew: boolean): Promise<void>
}

interface Stamp {
  readonly inputs: string
  readonly outputs: string
}

/**
 * Builds, unless every byte of the inputs and of the outputs is as it was after the last build. Resolves with what was found: nothing to do,
 * inputs that changed, or outputs that are not those that were built.
 */
export async function buildIfNeeded(plan: BuildPlan): Promise<'nothing to do' | 'inputs changed' | 'outputs changed'> {
  const stampFile = join(plan.root, plan.stamp)
  const last = readStamp(stampFile)
  // Before the build: what changes while it runs is not in it.
  const inputs = digest(plan, plan.inputs, plan.settings)
  const asBuilt = last?.outputs === digest(plan, plan.outputs)
  if (asBuilt && last?.inputs === inputs) return 'nothing to do'
  rmSync(stampFile, { force: true })
  await plan.run(!asBuilt)
  writeStamp(stampFile, { inputs, outputs: digest(plan, plan.outputs) })
  return asBuilt ? 'inputs changed' : 'outputs changed'
}

function readStamp(file: string): Stamp | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Stamp
  } catch {
    return undefined
  }
}

function writeStamp(file: string, stamp: Stamp): void {
  mkdirSync(dirname(file), { recursive: true })
  const beside = `${file}.${process.pid}`
  writeFileSync(beside, JSON.stringify(stamp))
  renameSync(beside, file)
}

function digest(plan: BuildPlan, places: readonly string[], settings: readonly string[] = []): string {
  const hash = createHash('sha256').update(JSON.stringify(settings))
  const skips = (path: string): boolean =>
    places !== plan.outputs && (path.endsWith('/node_modules') || plan.outputs.includes(path) || plan.ignored?.(path) === true)
  for (const place of places) add(hash, plan.root, place, skips)
  return hash.digest('hex')
}

/** A file with its name and its length, so that no two trees look the same. */
function add(hash: Hash, root: string, path: string, skips: (path: string) => boolean): void {
  const full = join(root, path)
  const found = lstatSync(full, { throwIfNoEntry: false })
  if (found?.isDirectory()) {
    for (const name of readdirSync(full).toSorted()) if (!skips(`${path}/${name}`)) add(hash, root, `${path}/${name}`, skips)
    return
  }
  const bytes = found?.isSymbolicLink() ? Buffer.from(readlinkSync(full)) : found?.isFile() ? readFileSync(full) : undefined
  hash.update(JSON.stringify([path, bytes?.length ?? null])).update(bytes ?? '')
}
