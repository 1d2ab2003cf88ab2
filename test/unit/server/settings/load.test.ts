import { describe, expect, test } from 'vitest'
import type { HalibutError } from '../../../../server/src/base/errors.ts'
import { loadSettings, readSettings, type SettingsSources } from '../../../../server/src/settings/load.ts'

const sources = (flags: string[], environment: Record<string, string>, files: Record<string, string>): SettingsSources => ({
  flags,
  environment,
  readFile: path => {
    const text = files[path]
    if (text === undefined) throw new Error(`ENOENT: no such file, open '${path}'`)
    return text
  },
})
const load = (flags: string[] = [], environment: Record<string, string> = {}, file?: string) =>
  loadSettings(sources(flags, environment, file === undefined ? {} : { 'x.json': file }))
/** All that is wrong, a line each. */
const wrongOf = (flags: string[], environment: Record<string, string> = {}, files: Record<string, string> = {}) =>
  readSettings(sources(flags, environment, files)).problems.map(({ place, reason }) => `${place}: ${reason}`)

describe('settings', () => {
  test('have defaults', () => {
    expect(load()).toMatchObject({
      host: '127.0.0.1',
      port: 8642,
      agentPort: 10_943,
      stateFolder: '.halibut-gateway',
      demo: false,
      agents: [],
      logLevel: 'info',
    })
  })

  test('flags win over the environment, that over the file, that over defaults, and each value is known to be of its place', () => {
    const file = '{"port": 1, "agentPort": 1, "host": "::1", "logLevel": "warn"}'
    const environment = { HALIBUT_GATEWAY_PORT: '2', HALIBUT_GATEWAY_AGENT_PORT: '2', HALIBUT_GATEWAY_CONFIG: 'x.json', PATH: '/bin' }
    expect(load(['--port=3'], environment, file)).toMatchObject({ port: 3, agentPort: 2, host: '::1', logLevel: 'warn', demo: false })
    const { values } = readSettings(sources(['--port=3'], environment, { 'x.json': file }))
    expect(['port', 'agentPort', 'host', 'demo'].map(name => values.get(name as 'port'))).toEqual([
      { value: 3, layer: 'flag', place: '--port' },
      { value: 2, layer: 'environment', place: 'HALIBUT_GATEWAY_AGENT_PORT' },
      { value: '::1', layer: 'file', place: 'x.json: host' },
      { value: false, layer: 'default', place: 'default' },
    ])
  })

  test('a program that is for something else has defaults of its own, below all layers', () => {
    const demo = { ...sources([], {}, { 'x.json': '{"demo":false}' }), defaults: { demo: true, agentPort: 0 } }
    expect(loadSettings(demo)).toMatchObject({ demo: true, agentPort: 0, port: 8642 })
    expect(loadSettings({ ...demo, flags: ['--config', 'x.json'] })).toMatchObject({ demo: false, agentPort: 0 })
  })

  test('switches and lists have their spellings', () => {
    const lists = [
      ['--allowed-origins', 'https://a.example, https://b.example'],
      ['--allowed-origins', 'https://a.example', '--allowed-origins=https://b.example'],
    ]
    for (const flags of lists) expect(load(flags).allowedOrigins).toEqual(['https://a.example', 'https://b.example'])
    expect(load(['--demo']).demo).toBe(true)
    expect(load(['--no-demo']).demo).toBe(false)
    expect(load([], { HALIBUT_GATEWAY_DEMO: 'true' }).demo).toBe(true)
  })

  test('thumbprints of agents are normalised', () => {
    const thumbprint = 'aa:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd'
    const file = JSON.stringify({ agents: [{ id: 'web-1', uri: 'https://10.0.0.1:10933/', thumbprint }] })
    expect(load(['--config', 'x.json'], {}, file).agents[0]?.thumbprint).toBe('AABBCCDDEEFF00112233445566778899AABBCCDD')
  })

  test('a file with a byte-order mark is read', () => {
    expect(load(['--config', 'x.json'], {}, '\uFEFF{"port": 1}').port).toBe(1)
  })

  test('a secret comes from the environment, the file, or a file of its own, whose last line end does not count', () => {
    const files = { 'x.json': '{"identity":"me.pfx","identityPasswordFile":"p"}', p: '\uFEFFpass word\r\n', q: 'other' }
    const password = (flags: string[], environment: Record<string, string>) =>
      loadSettings(sources(flags, environment, files)).identityPassword
    expect(password([], { HALIBUT_GATEWAY_CONFIG: 'x.json' })).toBe('pass word')
    expect(password(['--identity-password-file', 'q'], { HALIBUT_GATEWAY_CONFIG: 'x.json' })).toBe('other')
    expect(password([], { HALIBUT_GATEWAY_IDENTITY_PASSWORD_FILE: 'q' })).toBe('other')
    expect(password([], { HALIBUT_GATEWAY_IDENTITY_PASSWORD: 'third' })).toBe('third')
  })

  test('a secret is refused as an argument, and never told', () => {
    expect(wrongOf(['--identity-password', 'hunter2', '--port', '1'])).toEqual([
      '--identity-password: is a secret, and everybody on this machine sees the arguments of a process: use --identity-password-file or HALIBUT_GATEWAY_IDENTITY_PASSWORD',
    ])
    const both = { HALIBUT_GATEWAY_IDENTITY_PASSWORD: 'hunter2', HALIBUT_GATEWAY_IDENTITY_PASSWORD_FILE: 'p' }
    const told = wrongOf([], both, { p: 'hunter3' })
    expect(told).toEqual([
      'HALIBUT_GATEWAY_IDENTITY_PASSWORD_FILE: says the same as HALIBUT_GATEWAY_IDENTITY_PASSWORD: leave one of them out',
    ])
  })

  test('the variables of those who talk to a gateway are no settings, and no mistakes', () => {
    expect(wrongOf([], { HALIBUT_GATEWAY_TOKEN: 't', HALIBUT_GATEWAY_TOKEN_FILE: 'f', HALIBUT_GATEWAY_URL: 'http://x/' })).toEqual([])
  })

  test.each<[string[], Record<string, string>, string | undefined, string]>([
    [['--prot', '1'], {}, undefined, '--prot: there is no such flag; perhaps --port is meant'],
    [['--agentPort', '1'], {}, undefined, '--agentPort: is not a flag; flags are written --name value'],
    [['--frobnicate', '1'], {}, undefined, '--frobnicate: there is no such flag'],
    [['--agents', '1'], {}, undefined, '--agents: there is no such flag'],
    [['port', '1'], {}, undefined, 'port: is not a flag'],
    [['--port'], {}, undefined, '--port: a value is missing'],
    [['--port', '1', '--port', '2'], {}, undefined, '--port: is given twice'],
    [['--port', '70000'], {}, undefined, '--port: "70000": expected a whole number from 0 to 65535'],
    [['--no-port'], {}, undefined, '--no-port: only a switch can be turned off'],
    [['--log-level', 'loud'], {}, undefined, '--log-level: "loud": expected "debug" or "info" or "warn" or "error"'],
    [[], { HALIBUT_GATEWAY_PROT: '1' }, undefined, 'HALIBUT_GATEWAY_PROT: there is no such setting; perhaps HALIBUT_GATEWAY_PORT is meant'],
    [[], { HALIBUT_GATEWAY_PORT: 'x' }, undefined, 'HALIBUT_GATEWAY_PORT: "x": expected a whole number from 0 to 65535'],
    [['--config', 'x.json'], {}, undefined, 'x.json: ENOENT'],
    [['--config', 'x.json'], {}, '{', 'x.json: Expected'],
    [['--config', 'x.json'], {}, '[]', 'x.json: the file: expected an object'],
    [['--config', 'x.json'], {}, '{"prot":1}', 'x.json: prot: there is no such setting; perhaps port is meant'],
    [['--config', 'x.json'], {}, '{"agents":[{"id":"a","uri":"http://x/","thumbprint":""}]}', 'x.json: agents/0/uri:'],
    [
      ['--config', 'x.json'],
      {},
      '{"agents":[{"id":"a","uri":"https://x/","thumbprint":"12"}]}',
      "x.json: agents/0/thumbprint: '12' has 2 hexadecimal digits; SHA-1 has 40, SHA-256 has 64",
    ],
    [['--config', 'x.json'], {}, '{"agents":[{"id":"a","uri":"https://x/","thumbprint":"","tags":["a b"]}]}', 'x.json: agents/0/tags/0:'],
    [
      ['--config', 'x.json'],
      {},
      '{"rules":{"rules":[{"name":"a","who":["*"],"agnets":["*"]}]}}',
      'agnets: there is no such setting; perhaps agents',
    ],
    [
      ['--config', 'x.json'],
      {},
      '{"rules":{"rules":[{"name":"a","who":["role:boss"],"agents":["*"]}]}}',
      'x.json: rules: the rules are not acceptable: rules/0/who/0: "boss" is no role',
    ],
    [
      ['--config', 'x.json'],
      {},
      '{"rules":{"rules":[{"name":"a","who":["*"],"agents":["*"]},{"name":"a","who":["ci"],"agents":["*"]}]}}',
      'x.json: rules: the rules are not acceptable: rules/1/name: rules/0 has the name "a" already',
    ],
    [['--rules', '[]'], {}, undefined, '--rules: there is no such flag'],
    [['--public-url', 'gateway.example'], {}, undefined, '--public-url: "gateway.example" is not an address such as'],
    [['--trusted-proxies', 'x'], {}, undefined, '--trusted-proxies: "x" is not an address such as'],
    [['--allowed-origins', 'x'], {}, undefined, '--allowed-origins: "x" is not an origin such as'],
    [['--allowed-hosts', '/'], {}, undefined, '--allowed-hosts: "/" is not a host such as'],
    [['--port', '7', '--agent-port', '7'], {}, undefined, '--agent-port: 7 is the port of the page too'],
    [['--identity-key', 'x'], {}, undefined, '--identity-key: there is no identity whose key this could be'],
  ])('%j %j %s: the error tells the place and the reason', (flags, environment, file, message) => {
    expect(() => load(flags, environment, file)).toThrow(message)
  })

  test('all that is wrong is told at once, whatever layer it is of', () => {
    const agent = { uri: 'https://a/', thumbprint: 'A'.repeat(40) }
    const file = {
      drainMs: -1,
      agnets: [],
      agents: [
        { id: 'a', ...agent },
        { id: 'b', uri: 'poll://b/', thumbprint: 'x' },
        { id: 'a', ...agent },
        { id: 'c', uri: 'poll://b', thumbprint: 'B'.repeat(64) },
      ],
    }
    expect(
      wrongOf(['--prot', '1', '--port', 'x', '--config', 'x.json'], { HALIBUT_GATEWAY_DEMO: 'x' }, { 'x.json': JSON.stringify(file) }),
    ).toEqual([
      '--prot: there is no such flag; perhaps --port is meant',
      '--port: "x": expected a whole number from 0 to 65535',
      'HALIBUT_GATEWAY_DEMO: "x": expected true or false',
      'x.json: agnets: there is no such setting; perhaps agents is meant',
      'x.json: drainMs: expected a whole number from 0 to 3600000',
      "x.json: agents/1/thumbprint: 'X' is not a hexadecimal digit in 'x'",
      'x.json: agents/2/id: the id a is that of agents/0 already',
      'x.json: agents/3/uri: the subscription poll://b is that of agents/1 already',
      'x.json: agents/3/thumbprint: an agent is pinned by the SHA-1 of its certificate, 40 hexadecimal digits',
    ])
  })

  test('a member that is missing or unknown inside of an agent is told with its place, once', () => {
    const agents = [{ id: 'a', uri: 'https://x/', thumprint: 'A'.repeat(40) }]
    expect(wrongOf(['--config', 'x.json'], {}, { 'x.json': JSON.stringify({ agents }) })).toEqual([
      'x.json: agents/0/thumbprint: is missing',
      'x.json: agents/0/thumprint: there is no such setting; perhaps thumbprint is meant',
    ])
  })

  test('what is unknown is told with where all settings are told', () => {
    const adviceOf = (flags: string[], environment: Record<string, string> = {}, file?: string): string => {
      try {
        load(flags, environment, file)
        return 'nothing is wrong'
      } catch (error) {
        return (error as HalibutError).advice
      }
    }
    const told = 'halibut-gateway help settings tells all settings'
    expect(adviceOf(['--prot', '1'])).toBe(told)
    expect(adviceOf(['-x'])).toBe(told)
    expect(adviceOf([], { HALIBUT_GATEWAY_PROT: '1' })).toBe(told)
    expect(adviceOf(['--config', 'x.json'], {}, '{"log-level":"info"}')).toBe(told)
    expect(adviceOf(['--port', 'x'])).toBe('correct what the message names')
  })
})
