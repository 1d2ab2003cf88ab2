import { Command } from 'commander'
import type { SettingsProblem } from '../settings/layer.ts'
import { readSettings, type SettingsReading } from '../settings/load.ts'
import { settingsHelp, shownSettings } from '../settings/show.ts'
import { problemsOfWorld } from '../settings/world.ts'
import { columns, printable } from './columns.ts'
import type { CliIo } from './io.ts'
import { whyLost } from './lost-agents.ts'
import type { Plan } from './plan.ts'
import { type SettingsChange, settingsChanges } from './settings-changes.ts'

/** `config check`, `config print`: what `serve` with the same flags and the same environment would go by. */
export function configVerb(plan: Plan): Command {
  return new Command('config')
    .description('what the settings are, and whether they will do')
    .helpCommand(false)
    .addCommand(checkVerb(plan))
    .addCommand(printVerb(plan))
}

function checkVerb(plan: Plan): Command {
  return new Command('check')
    .description('all that is wrong with the settings and the world that they need, and whom another identity or publicUrl would lose')
    .usage('[settings] [--json]')
    .option('--json', 'as JSON')
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText('after', `${examples('check', 'nothing is listened on and nothing is made')}`)
    .action(({ json = false }: { json?: boolean }, { args }: Command) =>
      plan(async io => {
        const reading = read(args, io)
        const problems = [...reading.problems, ...(await problemsOfWorld(reading))]
        const changes = problems.length === 0 ? await settingsChanges(reading) : []
        if (json) io.out(`${JSON.stringify({ problems: problems.map(({ place, reason }) => ({ place, reason })), changes })}\n`)
        else if (problems.length === 0) io.out(`the settings will do\n${changes.map(textOf).join('')}`)
        else tellProblems(problems, io)
        return problems.length === 0 ? 'done' : 'settings'
      }, json),
    )
}

function textOf({ place, what, lost }: SettingsChange): string {
  const change = printable(`${place}: ${what}`)
  if (lost === undefined) return `\n${change}\n`
  if (lost.length === 0) return `\n${change}\nno agent would be lost, as far as was seen\n`
  const rows = lost.map(each => [each.agent, whyLost(each)])
  return `\n${change}\n${lost.length} agents would be lost:\n${columns(['AGENT', 'WHY'], rows)}\n`
}

function printVerb(plan: Plan): Command {
  return new Command('print')
    .description('every setting as it counts, and where it came from; secrets are masked')
    .usage('[settings] [--json]')
    .option('--json', 'as JSON')
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText('after', examples('print', 'what is wrong is told too, and counts as not said'))
    .action(({ json = false }: { json?: boolean }, { args }: Command) =>
      plan(async io => {
        const reading = read(args, io)
        const shown = shownSettings(reading)
        if (json) io.out(`${JSON.stringify({ settings: shown })}\n`)
        else
          io.out(
            `${columns(
              ['SETTING', 'VALUE', 'FROM'],
              shown.map(({ name, value, place }) => [name, JSON.stringify(value), place]),
            )}\n`,
          )
        if (reading.problems.length > 0) tellProblems(reading.problems, io)
        return reading.problems.length === 0 ? 'done' : 'settings'
      }, json),
    )
}

function read(flags: readonly string[], { environment }: CliIo): SettingsReading {
  return readSettings({ flags, environment })
}

function tellProblems(problems: readonly SettingsProblem[], io: CliIo): void {
  for (const { place, reason } of problems) io.err(`${printable(`${place}: ${reason}`)}\n`)
}

function examples(verb: string, note: string): string {
  return `
Settings:
${settingsHelp()}

Examples (${note}):
  $ halibut-gateway config ${verb} --config /etc/halibut-gateway/settings.json
  $ HALIBUT_GATEWAY_PORT=80 halibut-gateway config ${verb} --json`
}
