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
Lists have commas, or the flag several times. Agents and rules stand in the file only.
A secret is no flag: it stands in the environment, in the file, or in a file of its own whose path ends in -file, _FILE or File.
halibut-gateway config print tells what counts and where it came from, halibut-gateway config check whether it will do.`,
  },
  environment: {
    about: 'the variables of the environment',
    text: () => `Variables of those who talk to a gateway that runs (call, agents, contracts, trust and their like):

  ${clientVariables.url.padEnd(28)} its address; what serve prints may be pasted as it is, with its token
  ${clientVariables.token.padEnd(28)} the token
  ${clientVariables.tokenFile.padEnd(28)} a file with the token

Every setting but the agents and the rules is a variable too: ${variablePrefix} and its name, as ${variablePrefix}AGENT_PORT.
${variablePrefix}CONFIG names the settings file. An unknown ${variablePrefix} variable is an error of serve, since it is mostly a slip.
NODE_EXTRA_CA_CERTS names a PEM file with the issuer of a gateway’s page where that is one of your own.`,
  },
  'exit-codes': { about: 'what the exit code of a command says', text: () => `Exit codes:\n\n${exitCodesText()}` },
  formatting: {
    about: 'what a command prints, and where',
    text: () => `What was asked for is on standard output; errors, the log and bars of progress are on standard error.

Lists are columns of spaces, a line an entry, so that grep, sort and head can be used on them:
  $ halibut-gateway agents list | grep offline

With --json the answer is one line of JSON, and so is an error, {"error": {"kind": …, "message": …, "advice": …}}:
  $ halibut-gateway agents list --json | jq -r '.[] | select(.state != "connected") | .id'

The answer of a call is its value as JSON; with --json it is the whole answer, with signature and activityId. A data stream is its bytes:
  $ halibut-gateway call web-1 IFileStoreService Download notes.txt > notes.txt

An argument of a call is JSON, else a text: 1 is a number, '"1"' a text, Ada a text, '{"Title":"x"}' an object, @path the content of a file.
Whole numbers of any length are kept to the digit. Times are RFC 3339 in UTC, durations ISO 8601, thumbprints upper-case hexadecimal.

A transfer that takes longer than half a second shows a bar where standard error is a terminal. The log is text there, and JSON elsewhere.`,
  },
}

/** The topics by their names, with what each is about. */
export function topicNames(): readonly (readonly [name: string, about: string])[] {
  return Object.entries(topics).map(([name, { about }]) => [name, about])
}

/** `help`: a verb, or a topic. */
export function helpVerb(plan: Plan, program: Command): Command {
  return new Command('help')
    .description('what a verb does, or one of the topics below')
    .argument('[what...]', 'a verb, or a topic')
    .addHelpText(
      'after',
      `\nTopics:\n${topicLines()}\n\nExamples:\n  $ halibut-gateway help agents list\n  $ halibut-gateway help exit-codes`,
    )
    .action((what: string[]) =>
      plan(async io => {
        const [name = ''] = what
        const topic = Object.hasOwn(topics, name) ? topics[name] : undefined
        if (topic) io.out(`${topic.text()}\n`)
        else commandOf(program, what).outputHelp()
        return 'done'
      }),
    )
}

function commandOf(program: Command, what: readonly string[]): Command {
  let command = program
  for (const word of what) {
    const next = command.commands.find(each => each.name() === word)
    if (!next)
      throw new CliError('usage', `there is no verb and no topic ${what.join(' ')}`, `topics are ${Object.keys(topics).join(', ')}`)
    command = next
  }
  return command
}

/** A line for each topic. */
export function topicLines(): string {
  return topicNames()
    .map(([name, about]) => `  ${name.padEnd(14)} ${about}`)
    .join('\n')
}
