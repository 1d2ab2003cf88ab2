import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

const zsh = '/usr/bin/zsh'
const program = resolve(import.meta.dirname, '../../server/bin/halibut-gateway.js')

/** How each shell is begun without the settings of whoever runs the tests, and how it tells the line that is being written. */
const begins = {
  bash: String.raw`bind 'set enable-bracketed-paste off'; bind -x '"\C-x": printf "LINE<%s>\n" "$READLINE_LINE"'; eval "$(halibut-gateway completion bash)"`,
  zsh: `autoload -Uz compinit && compinit -u -D; source <(halibut-gateway completion zsh); tell() { print -r -- "LINE<$BUFFER>" }; zle -N tell; bindkey '^X' tell`,
} as const
const commands = { bash: 'bash --norc --noprofile -i', zsh: 'zsh -f -i' } as const

/**
 * Writes each of these into a real shell with a terminal of its own, presses the tabulator, and gives what stands in the line then. The
 * terminal is made by zsh, whichever shell it is for.
 */
export async function completedIn(shell: keyof typeof begins, folder: string, typed: readonly string[]): Promise<string[]> {
  if (!existsSync(zsh)) throw new Error(`there is no ${zsh}: install zsh, as npm test does where it may`)
  const onPath = join(folder, 'halibut-gateway')
  await writeFile(onPath, `#!/bin/sh\nexec ${JSON.stringify(process.execPath)} ${JSON.stringify(program)} "$@"\n`)
  await chmod(onPath, 0o755)
  const script = String.raw`zmodload zsh/zpty
cd $1; shift
zpty shell $1; shift
zpty -w shell "$1; echo READY\$((40+2))"; shift
zpty -r -m shell said '*READY42*' || exit 3
for typed; do
  zpty -n -w shell "$typed"$'\t'
  zpty -n -w shell $'\x18'
  zpty -r -m shell said '*LINE<*>*' || exit 4
  print -r -- "\${\${said##*LINE<}%%>*}"
  zpty -n -w shell $'\x15'
done
zpty -d shell
`.replaceAll('\\${', '${')
  const { stdout } = await promisify(execFile)(zsh, ['-f', '-c', script, 'zsh', folder, commands[shell], begins[shell], ...typed], {
    env: { PATH: `${folder}:${process.env['PATH'] ?? ''}`, TERM: 'dumb', HOME: folder, PS1: '' },
    timeout: 120_000,
  })
  return stdout.replaceAll('\r', '').replace(/\n$/, '').split('\n')
}
