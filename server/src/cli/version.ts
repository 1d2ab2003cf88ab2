import { Command } from 'commander'
import type { Plan } from './plan.ts'
import { version } from './version-text.ts'

/** `version`: of this program. */
export function versionVerb(plan: Plan): Command {
  return new Command('version')
    .description('the version of this program, and of the Node that runs it')
    .option('--json', 'as JSON')
    .action(({ json = false }: { json?: boolean }) =>
      plan(async io => {
        const node = process.version
        io.out(json ? `${JSON.stringify({ version, node })}\n` : `halibut-gateway ${version}, Node ${node}\n`)
        return 'done'
      }, json),
    )
}
