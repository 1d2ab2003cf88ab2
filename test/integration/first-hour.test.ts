import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runCommand, startCommand } from '../support/command-line.ts'

const [serving, end] = [['serve', '--port', '0', '--agent-port', '0'], /doctor --help.*\n\n.*--agent-host 0\.0\.0\.0 lets them\.\n\n$/s]

test('on an empty machine serve prints what it takes to attach an agent, and what it prints works as it is pasted', {
  timeout: 120_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'first-hour-'))
  try {
    await using gateway = startCommand([...serving, '--state-folder', join(folder, 'state'), '--log-level', 'error'])
    const out = await gateway.printed(end)
    const [, address = ''] = /^ {2}page +(http:\S+#token=hgw_\S+)$/m.exec(out) ?? []
    const [, thumbprint = ''] = /^ {2}thumbprint +([0-9A-F]{40})$/m.exec(out) ?? []
    const [, agents = ''] = /^ {2}polling agents +(https:\S+)$/m.exec(out) ?? []
    expect([address, thumbprint, agents]).not.toContain('')

    // The environment that is printed lets the verbs in.
    const [, variable = '', value = ''] = /^ +export (\w+)='(.*)'$/m.exec(out) ?? []
    expect(value).toBe(address)
    const environment = { [variable]: value }
    const commands = [...out.matchAll(/^ {4}(?:.* {2})?halibut-gateway (.+?)(?: {2,}.*)?$/gm)].map(([, line = '']) => line.split(' '))
    expect(commands).toHaveLength(6)
    for (const args of commands) {
      if (args[0] !== 'agent') {
        expect(await runCommand(args, environment), args.join(' ')).toMatchObject({ code: 0, err: '' })
        continue
      }
      const name = args.includes('--poll') ? 'web-1' : 'web-2'
      // The port may be another one’s on this machine.
      const given = args.map(arg => arg.replace(':10933', ':0'))
      await using agent = startCommand([...given, '--name', name, '--state-folder', join(folder, name), '--json'])
      const { uri = '', thumbprint: pinned = '' } = await agent.firstJson
      if (name === 'web-2') {
        const added = await runCommand(['agents', 'add', name, '--uri', uri, '--thumbprint', pinned], environment)
        expect(added).toMatchObject({ code: 0, err: '' })
      } else {
        let listed = ''
        for (let i = 0; i < 2_000 && !listed.includes(pinned); i++) listed = (await runCommand(['trust', 'pending'], environment)).out
        const [, pending = ''] = /^([0-9a-f]{16}) /m.exec(listed) ?? []
        const approved = await runCommand(['trust', 'approve', pending, '--expect', pinned, '--id', name], environment)
        expect(approved).toMatchObject({ code: 0, err: '' })
      }
      let doctor = await runCommand(['doctor', name], environment)
      for (let i = 0; i < 2_000 && doctor.code !== 0; i++) doctor = await runCommand(['doctor', name], environment)
      expect(doctor.out).toContain('nothing is wrong')
    }

    // A Tentacle is set up with the same, by its own names for it.
    const { hostname, port } = new URL(agents)
    expect(out).toContain(`Tentacle.exe server-comms --style=TentacleActive --host=${hostname} --port=${port} --thumbprint=${thumbprint}\n`)
    expect(out).toMatch(new RegExp(`Tentacle\\.exe configure --port=10933 --trust=${thumbprint}$`, 'm'))
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('once there are agents it prints what has to be known of it, and no more', { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'first-hour-'))
  try {
    const flags = [...serving, '--state-folder', join(folder, 'state'), '--log-level', 'error']
    {
      await using first = startCommand(flags)
      const [address = ''] = /http:\S+#token=\S+/.exec(await first.printed(end)) ?? []
      const add = ['agents', 'add', 'web-1', '--uri', 'https://127.0.0.1:1/', '--thumbprint', 'A'.repeat(40)]
      expect(await runCommand(add, { HALIBUT_GATEWAY_URL: address })).toMatchObject({ code: 0 })
    }
    await using second = startCommand(flags)
    const again = await second.printed(/Ctrl-C ends everything\.\n\n$/)
    // The first token is told once.
    expect(again).not.toContain('hgw_')
    expect(again).not.toContain('There are no agents yet')
  } finally {
    await rm(folder, { recursive: true })
  }
})
