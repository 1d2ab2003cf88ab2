import { existsSync } from 'node:fs'
import { run } from './jobs.ts'

/** Programs that tests run, and the package of Debian that has each. */
const programs = [
  { path: '/usr/sbin/nginx', package: 'nginx' },
  { path: '/usr/bin/caddy', package: 'caddy' },
  { path: '/usr/bin/zsh', package: 'zsh' },
  { path: '/usr/bin/systemd-analyze', package: 'systemd' },
] as const

/** The command that installs packages of the system, where there is apt and we may use it. */
export function aptInstall(packages: readonly string[]): string | undefined {
  if (!existsSync('/usr/bin/apt-get')) return undefined
  const isRoot = process.getuid?.() === 0
  if (!isRoot && !existsSync('/usr/bin/sudo')) return undefined
  const apt = `${isRoot ? '' : 'sudo -n '}env DEBIAN_FRONTEND=noninteractive apt-get -q`
  return `${apt} update && ${apt} install -y --no-install-recommends ${packages.join(' ')}`
}

/** Installs what is missing of the programs that tests run. Gives the packages that are still missing: tests that need them say so, and fail. */
export async function providePrograms(): Promise<readonly string[]> {
  const missing = (): string[] => programs.filter(({ path }) => !existsSync(path)).map(each => each.package)
  const command = missing().length > 0 ? aptInstall(missing()) : undefined
  if (command !== undefined) {
    console.log(`some programs are missing: ${command}`)
    await run(command)
  }
  return missing()
}
