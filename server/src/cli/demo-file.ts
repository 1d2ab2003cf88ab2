import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { HalibutError } from '../base/errors.ts'

/** A file of the demo: compiled beside what is compiled, its source where this runs from source. */
export function demoFile(name: 'agent' | 'sample-agent'): string {
  const fromSource = import.meta.url.endsWith('.ts')
  const path = fileURLToPath(new URL(fromSource ? `../../demo/${name}.ts` : `../../dist-demo/${name}.js`, import.meta.url))
  if (existsSync(path)) return path
  throw new HalibutError('internal_error', `the demo agent ${path} is missing`, { advice: 'run npm run build, or start with --no-demo' })
}
