import { Command } from 'commander'
import type { SettingsProblem } from '../settings/layer.ts'
import { readSettings, type SettingsReading } from '../settings/load.ts'
import { settingsHelp, shownSettings } from '../settings/show.ts'
import { problemsOfWorld } from '../settings/world.ts'
import { columns, printable } from './columns.ts'
import type { CliIo } from './io.ts'
import type { Plan } from './plan.ts'

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
    .description('all that is wrong with the settings, and with the world that they need: ports, folders, files')
    .usage('[settings] [--json]')
    .option('--json', 'as JSON')
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText('after', `${examples('check', 'nothing is listened on and nothing is made')}`)
    .action(({ json = false }: { json?: boolean }, { args }: Command) =>
      plan(async io => {
        const reading = read(args, io)
        const problems = [...reading.problems, ...(await problemsOfWorld(reading))]
        if (json) io.out(`${JSON.stringify({ problems: problems.map(({ place, reason }) => ({ place, reason })) })}\n`)
        else if (problems.length === 0) io.out('the settings will do\n')
        else tellProblems(problems, io)
        return problems.length === 0 ? 'done' : 'settings'
      }, json),
    )
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
