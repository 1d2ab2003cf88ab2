import { execFile } from 'node:child_process'
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { emptyCollection } from '@halibut-gateway/schemas/collection'
import { demoContracts } from '../../server/demo/contracts.ts'
import { testIdentity } from './certificates.ts'
import { createFleet } from './command-fleet.ts'
import { type CommandEnd, startCommand } from './command-line.ts'

const server = resolve(import.meta.dirname, '../../server')
/** Verbs that go on until a signal ends them. */
const lasting = /^(serve|demo|agent)$/

/**
 * What the commands of OPERATING.md are run in: a gateway, the agent web-1 that listens, somebody who knocks and is pending, and a root of their own
 * for what they write to /etc and the like.
 *
 * A new example is written with what is replaced here: `web-1`, `10.0.0.5:10933` and `AABB…` are an agent, `0011…` is the thumbprint of a gateway,
 * `0123456789abcdef` and `FFEE…` are who is pending and its thumbprint, /etc/halibut-gateway has settings.json, token, tools.json (a contract),
 * smoke.json (saved calls), password, page.pem and page.key, /var/lib/halibut-gateway is the state, /var/backups and /mnt/elsewhere are empty. Commands are run in the order of the document.
 */
export async function createOperatingWorld() {
  const fleet = await createFleet('listening')
  const root = join(fleet.folder, 'root')
  const etc = join(root, 'etc/halibut-gateway')
  const bin = join(fleet.folder, 'bin')
  const work = join(fleet.folder, 'work')
  const folders = [
    'etc/systemd/system',
    'etc/sysusers.d',
    'etc/bash_completion.d',
    'usr/local/share/zsh/site-functions',
    'var/backups',
    'mnt/elsewhere',
  ]
  await Promise.all([etc, bin, work, ...folders.map(folder => join(root, folder))].map(path => mkdir(path, { recursive: true })))
  const own = { port: 0, agentPort: 0, stateFolder: join(fleet.folder, 'another-state') }
  const page = testIdentity('page')
  const files: Readonly<Record<string, string>> = {
    [join(etc, 'settings.json')]: JSON.stringify(own),
    [join(work, 'settings.json')]: JSON.stringify(own),
    [join(etc, 'tools.json')]: JSON.stringify({ ...demoContracts[1], service: 'IToolService' }),
    [join(etc, 'smoke.json')]: JSON.stringify({
      ...emptyCollection('Smoke test'),
      variables: { who: { value: 'Grace' }, password: { secret: true } },
      calls: [{ name: 'Greets', agent: 'web-1', service: 'IEchoService', method: 'SayHello', args: ['{{who}}'] }],
    }),
    [join(etc, 'password')]: 'sesame\n',
    [join(etc, 'page.pem')]: page.certificatePem,
    [join(etc, 'page.key')]: page.keyPem,
  }
  await Promise.all(Object.entries(files).map(([path, text]) => writeFile(path, text)))
  await symlink(fleet.tokenFile, join(etc, 'token'))
  await symlink(join(server, 'operations'), join(work, 'operations'))
  await writePrograms(bin)

  const stranger = fleet.startAgent('web-3', ['--poll', fleet.agentAddress])
  const { thumbprint: strangers = '' } = await stranger.firstJson
  const pending = await firstPending(fleet.run)
  const { uri = '', thumbprint = '' } = fleet.entry
  const url = fleet.environment.HALIBUT_GATEWAY_URL
  const replaced: readonly (readonly [string, string])[] = [
    ['/var/lib/halibut-gateway', fleet.stateFolder],
    ['/var/backups/', `${join(root, 'var/backups')}/`],
    ['/mnt/elsewhere/', `${join(root, 'mnt/elsewhere')}/`],
    ['/usr/local/', `${join(root, 'usr/local')}/`],
    ['/etc/', `${join(root, 'etc')}/`],
    ['https://10.0.0.5:10933/', uri],
    ['AABBCCDDEEFF00112233445566778899AABBCCDD', thumbprint],
    ['0123456789abcdef', pending],
    ['FFEEDDCCBBAA99887766554433221100FFEEDDCC', strangers],
    ['127.0.0.1:10933', '127.0.0.1:0'],
    ['http://127.0.0.1:8642/', url],
  ]
  const environment = { ...fleet.environment, PATH: `${bin}:${process.env['PATH'] ?? ''}`, ROOT: root, HOME: work }
  return {
    root,
    /** Runs a line of the document: as this program would where it is plain, else in bash. */
    run: async (command: string): Promise<CommandEnd> => {
      const text = replaced.reduce((line, [from, to]) => line.replaceAll(from, to), command)
      if (!/^halibut-gateway [^|<>$;&`]*$/.test(text)) return runInBash(text, work, environment)
      const [, ...args] = [...text.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
      if (!lasting.test(args[0] ?? '')) return startCommand(args, fleet.environment).ended
      const agents = ['--state-folder', join(fleet.folder, 'other-agent')]
      const gateways = text.includes('--config') ? [] : ['--config', join(etc, 'settings.json')]
      await using running = startCommand([...args, '--json', ...(args[0] === 'agent' ? agents : gateways)], fleet.environment)
      const told = await running.firstJson
      running.signal()
      const { code, out, err } = await running.ended
      return { code, out, err: 'thumbprint' in told ? '' : err }
    },
    async [Symbol.asyncDispose]() {
      await stranger[Symbol.asyncDispose]()
      await fleet[Symbol.asyncDispose]()
    },
  }
}

async function firstPending(run: (...args: string[]) => Promise<CommandEnd>): Promise<string> {
  for (let i = 0; i < 2_000; i++) {
    const { pending } = JSON.parse((await run('trust', 'pending', '--json')).out) as { pending: { id: string }[] }
    const [first] = pending
    if (first) return first.id
  }
  throw new Error('nobody is pending')
}

async function runInBash(command: string, folder: string, environment: NodeJS.ProcessEnv): Promise<CommandEnd> {
  try {
    const { stdout } = await promisify(execFile)('bash', ['--norc', '-eo', 'pipefail', '-c', command], { cwd: folder, env: environment })
    // Other programs say more than what is wrong.
    return { code: 0, out: stdout, err: '' }
  } catch (why) {
    const { code, stdout, stderr } = why as { code: number; stdout: string; stderr: string }
    return { code, out: stdout, err: stderr }
  }
}

/** Programs that would change the machine: they do the same below a root of their own. */
async function writePrograms(bin: string): Promise<void> {
  const programs: Readonly<Record<string, string>> = {
    'halibut-gateway': `exec ${process.execPath} ${join(server, 'bin/halibut-gateway.js')} "$@"`,
    sudo: 'exec "$@"',
    'systemd-sysusers': 'exec /usr/bin/systemd-sysusers --root="$ROOT" "$@"',
    // A group below the root is none of this machine.
    install: `given=()
while (( $# )); do
  if [[ $1 == -g ]]; then grep -q "^$2:" "$ROOT/etc/group"; shift; else given+=("$1"); fi
  shift
done
exec /usr/bin/install "\${given[@]}"`,
    // What starts a unit is not there: the unit is looked at instead, with a program that is there.
    systemctl: `if [[ $1 == start ]]; then
  unit="$ROOT/halibut-gateway.service"
  sed "s|^ExecStart=/usr/bin/halibut-gateway|ExecStart=${process.execPath}|" "$ROOT/etc/systemd/system/$2.service" > "$unit"
  [[ -L "$ROOT/etc/systemd/system/multi-user.target.wants/$2.service" ]]
  ! /usr/bin/systemd-analyze verify "$unit" 2>&1 | grep "$unit"
else
  exec /usr/bin/systemctl --quiet --root="$ROOT" "$@"
fi`,
  }
  for (const [name, script] of Object.entries(programs)) {
    await writeFile(join(bin, name), `#!/usr/bin/env bash\nset -euo pipefail\n${script}\n`)
    await chmod(join(bin, name), 0o755)
  }
}
