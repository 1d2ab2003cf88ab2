import { Command } from 'commander'
import { clientVariables } from '../settings/read-environment.ts'
import { variablePrefix } from '../settings/schema.ts'
import { settingsHelp } from '../settings/show.ts'
import { exitCodesText } from './exit-codes.ts'
import { CliError } from './failure.ts'
import type { Plan } from './plan.ts'

/** What there is to know beside the verbs. */
const topics: Readonly<Record<string, { readonly about: string; readonly text: () => string }>> = {
  settings: {
    about: 'every setting of serve and demo, and where it may stand',
    text: () => `Settings of serve, demo, config and doctor:

${settingsHelp()}

The same setting is --log-level, ${variablePrefix}LOG_LEVEL and, in the file, logLevel; the first that is there counts.
Lists have commas, or the flag several times. Agents stand in the file only.
A secret is no flag: it stands in the environment, in the file, or in a file of its own whose path ends in -file, _FILE or File.
halibut-gateway config print tells what counts and where it came from, halibut-gateway config check whether it will do.`,
  },
  environment: {
    about: 'the variables of the environment',
    text: () => `Variables of those who talk to a gateway that runs (call, agents, contracts):

  ${clientVariables.url.padEnd(28)} its address; what serve prints may be pasted as it is, with its token
  ${clientVariables.token.padEnd(28)} the token
  ${clientVariables.tokenFile.padEnd(28)} a file with the token

Every setting but the agents is a variable too: ${variablePrefix} and its name, as ${variablePrefix}AGENT_PORT.
${variablePrefix}CONFIG names the settings file. An unknown ${variablePrefix} variable is an error of serve, since it is mostly a slip.`,
  },
  'exit-codes': { about: 'what the exit code of a command says', text: () => `Exit codes:\n\n${exitCodesText()}` },
}

/** `help`: a verb, or a topic. */
export function helpVerb(plan: Plan, program: Command): Command {
  return new Command('help')
    .description('what a verb does, or one of the topics below')
    .argument('[what...]', 'a verb, or a topic')
    .addHelpText('after', `\nTopics:\n${topicLines()}`)
    .action((what: string[]) =>
      plan(async io => {
        io.out(`${textOf(program, what)}\n`)
        return 'done'
      }),
    )
}

function textOf(program: Command, what: readonly string[]): string {
  const [name = ''] = what
  if (Object.hasOwn(topics, name)) return topics[name]?.text() ?? ''
  let command = program
  for (const word of what) {
    const next = command.commands.find(each => each.name() === word)
    if (!next)
      throw new CliError('usage', `there is no verb and no topic ${what.join(' ')}`, `topics are ${Object.keys(topics).join(', ')}`)
    command = next
  }
  const help = command.helpInformation().trimEnd()
  return command === program ? `${help}\n\nTopics:\n${topicLines()}` : help
}

function topicLines(): string {
  return Object.entries(topics)
    .map(([name, { about }]) => `  ${name.padEnd(14)} ${about}`)
    .join('\n')
}
