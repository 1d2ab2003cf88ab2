import { Command, CommanderError } from 'commander'
import { agentVerb } from './agent.ts'
import { agentsVerb } from './agents.ts'
import { auditVerb } from './audit.ts'
import { backupVerb } from './backup.ts'
import { callVerb } from './call.ts'
import { certVerb } from './cert.ts'
import { completionVerb } from './completion.ts'
import { configVerb } from './config.ts'
import { contractsVerb } from './contracts.ts'
import { doctorVerb } from './doctor.ts'
import { exitCodes } from './exit-codes.ts'
import { tellFailure } from './failure.ts'
import { helpVerb, topicLines } from './help.ts'
import type { CliIo } from './io.ts'
import type { Act, Plan } from './plan.ts'
import { restoreVerb } from './restore.ts'
import { demoVerb, serveVerb } from './serve.ts'
import { tokenVerb } from './token.ts'
import { trustVerb } from './trust.ts'
import { versionVerb } from './version.ts'
import { version } from './version-text.ts'

/** Runs one command line. Resolves with the exit code; what was asked for is on `io.out`, what is said beside it on `io.err`. */
export async function runProgram(args: readonly string[], io: CliIo): Promise<number> {
  let planned: { readonly act: Act; readonly asJson: boolean } | undefined
  const program = buildProgram((act, asJson = false) => {
    planned = { act, asJson }
  })
  for (const command of everyCommand(program)) {
    command.exitOverride().configureOutput({ writeOut: text => io.out(text), writeErr: text => io.err(text) })
  }
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    const isAnswer = ['commander.helpDisplayed', 'commander.version'].includes(error.code)
    return exitCodes[isAnswer ? 'done' : 'usage'].code
  }
  if (!planned) return exitCodes.usage.code
  try {
    return exitCodes[await planned.act(io)].code
  } catch (error) {
    return exitCodes[tellFailure(error, io, planned.asJson)].code
  }
}

/** The whole command line, for running it and for looking at it. */
export function buildProgram(plan: Plan): Command {
  const program = new Command('halibut-gateway')
    .description('Puts a browser in front of a fleet of Halibut agents.')
    .usage('<verb> [options]')
    .version(version, '--version', 'the version of this program')
    .enablePositionalOptions()
    .helpCommand(false)
    .helpOption('-h, --help', 'what a verb does, with examples')
    .showHelpAfterError('halibut-gateway help tells all verbs; halibut-gateway help <verb> tells one')
    .addHelpText(
      'after',
      `
Begin with:
  $ halibut-gateway serve                   a gateway; it prints the address of its page, and what agents need to know
  $ halibut-gateway demo                    the same with two demo agents
  $ halibut-gateway help environment        how the verbs find the gateway and its token
  $ eval "$(halibut-gateway completion bash)"  completes command lines of this shell

Topics (halibut-gateway help <topic>):
${topicLines()}`,
    )
  const verbs = [
    serveVerb,
    demoVerb,
    agentVerb,
    callVerb,
    agentsVerb,
    contractsVerb,
    trustVerb,
    tokenVerb,
    certVerb,
    auditVerb,
    backupVerb,
    restoreVerb,
    configVerb,
    doctorVerb,
    versionVerb,
  ]
  for (const verb of verbs) program.addCommand(verb(plan))
  program.addCommand(completionVerb(plan, program)).addCommand(helpVerb(plan, program))
  return program
}

/** A command and all below it. */
export function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)]
}
