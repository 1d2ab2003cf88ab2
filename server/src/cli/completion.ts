import { Argument, Command, type Option } from 'commander'
import { allSettings } from '../settings/schema.ts'
import { topicNames } from './help.ts'
import type { Plan } from './plan.ts'

const shells = ['bash', 'zsh'] as const
type Shell = (typeof shells)[number]

/** Something that may stand next in a command line, and what it is for. */
export interface Candidate {
  readonly word: string
  readonly about: string
}

/** `completion`: the script for a shell, which asks this program what may come next, so that it never goes out of date. */
export function completionVerb(plan: Plan, program: Command): Command {
  return new Command('completion')
    .description('completes command lines in bash and zsh: prints the script for the shell')
    .addArgument(new Argument('<shell>', 'which shell').choices(shells))
    .addArgument(new Argument('[words...]', 'a command line behind --: what its last word may be is told, as the script asks it'))
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ eval "$(halibut-gateway completion bash)"                       for this shell; in ~/.bashrc for every one
  $ source <(halibut-gateway completion zsh)                        the same for zsh, behind compinit in ~/.zshrc
  $ halibut-gateway completion bash -- agents ''                    list, get and others`,
    )
    .action((shell: Shell, words: string[], { json }: { json?: boolean }) =>
      plan(async io => {
        const found = words.length === 0 ? undefined : candidatesFor(program, words)
        if (json) io.out(`${JSON.stringify(found ?? { script: scripts[shell] })}\n`)
        else io.out(found ? found.map(each => `${lineOf[shell](each)}\n`).join('') : scripts[shell])
        return 'done'
      }, json),
    )
}

/** What the last of these words may be, the words before it being what they are. None: a file, or a text of one’s own. */
export function candidatesFor(program: Command, words: readonly string[]): readonly Candidate[] {
  const last = words.at(-1) ?? ''
  let command = program
  let operands = 0
  let expects: Option | 'a setting' | undefined
  for (const word of words.slice(0, -1)) {
    if (expects) {
      expects = undefined
      continue
    }
    if (word === '--') return []
    if (word.startsWith('-')) {
      const option = command.options.find(({ long, short }) => word === long || word === short)
      if (option?.required) expects = option
      else if (!option && takesSettings(command) && settingOf(word)) expects = 'a setting'
      continue
    }
    const next = command.commands.find(each => each.name() === word)
    if (next) command = next
    else operands++
  }
  const all = expects ? valuesOf(expects) : last.startsWith('-') ? optionsOf(command) : wordsOf(program, command, operands)
  return all.filter(({ word }) => word.startsWith(last))
}

function valuesOf(expects: Option | 'a setting'): readonly Candidate[] {
  const choices = expects === 'a setting' ? [] : (expects.argChoices ?? [])
  return choices.map(word => ({ word, about: '' }))
}

function optionsOf(command: Command): readonly Candidate[] {
  const own = command.options.filter(({ hidden }) => !hidden).map(({ long, description }) => ({ word: long ?? '', about: description }))
  const settings = takesSettings(command)
    ? allSettings.flatMap(({ flag, pathFlag, schema }) => {
        const word = flag ?? pathFlag
        return word === undefined ? [] : [{ word, about: schema.description ?? '' }]
      })
    : []
  const config = takesSettings(command) ? [{ word: '--config', about: 'a JSON file with settings' }] : []
  return [...own, ...settings, ...config, { word: '--help', about: 'what it does, with examples' }]
}

function wordsOf(program: Command, command: Command, operands: number): readonly Candidate[] {
  const verbs = operands === 0 ? command.commands.map(each => ({ word: each.name(), about: each.description() })) : []
  const argument = command.registeredArguments[Math.min(operands, command.registeredArguments.length - 1)]
  const choices = (argument?.argChoices ?? []).map(word => ({ word, about: '' }))
  if (command.name() !== 'help') return [...verbs, ...choices]
  const topics = topicNames().map(([word, about]) => ({ word, about }))
  return [...program.commands.map(each => ({ word: each.name(), about: each.description() })), ...topics]
}

/** Whether a verb takes what its own options do not know: the settings of `serve`. */
function takesSettings(command: Command): boolean {
  return command.usage().includes('[settings]')
}

function settingOf(word: string): boolean {
  return (
    word === '--config' || allSettings.some(({ flag, pathFlag, schema }) => word === (flag ?? pathFlag) && schema['type'] !== 'boolean')
  )
}

const lineOf: Readonly<Record<Shell, (candidate: Candidate) => string>> = {
  bash: ({ word }) => word,
  // What is before the first colon is the word.
  zsh: ({ word, about }) => `${word.replaceAll(':', String.raw`\:`)}:${about.replaceAll('\n', ' ')}`,
}

const scripts: Readonly<Record<Shell, string>> = {
  bash: `_halibut_gateway() {
  local IFS=$'\\n'
  COMPREPLY=($(halibut-gateway completion bash -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _halibut_gateway halibut-gateway
`,
  zsh: `#compdef halibut-gateway
_halibut_gateway() {
  local -a found
  found=("\${(@f)$(halibut-gateway completion zsh -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "\${found[1]}" ]]; then
    _describe -V halibut-gateway found
  else
    _files
  fi
}
if [[ "\${funcstack[1]}" == _halibut-gateway ]]; then
  _halibut_gateway "$@"
else
  compdef _halibut_gateway halibut-gateway
fi
`,
}
