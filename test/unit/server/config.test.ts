import { describe, expect, test } from 'vitest'
import { loadSettings } from '../../../server/src/config.ts'

const load = (flags: string[] = [], environment: Record<string, string> = {}, file?: string) =>
  loadSettings({
    flags,
    environment,
    readFile: path => {
      if (file === undefined) throw new Error(`ENOENT: no such file, open '${path}'`)
      return file
    },
  })

describe('settings', () => {
  test('have defaults', () => {
    expect(load()).toMatchObject({
      host: '127.0.0.1',
      port: 8642,
      stateFolder: '.halibut-gateway',
      demo: true,
      agents: [],
      logLevel: 'info',
    })
  })

  test('flags win over the environment, that over the file, that over defaults', () => {
    const file = '{"port": 1, "agentPort": 1, "host": "::1", "logLevel": "warn"}'
    const environment = { HALIBUT_GATEWAY_PORT: '2', HALIBUT_GATEWAY_AGENT_PORT: '2', HALIBUT_GATEWAY_CONFIG: 'x.json', PATH: '/bin' }
    expect(load(['--port=3'], environment, file)).toMatchObject({ port: 3, agentPort: 2, host: '::1', logLevel: 'warn', demo: true })
  })

  test('switches and lists have their spellings', () => {
    expect(load(['--no-demo', '--allowed-origins', 'https://a.example, https://b.example']).allowedOrigins).toEqual([
      'https://a.example',
      'https://b.example',
    ])
    expect(load(['--no-demo']).demo).toBe(false)
    expect(load([], { HALIBUT_GATEWAY_DEMO: 'false' }).demo).toBe(false)
  })

  test('thumbprints of agents are normalised', () => {
    const thumbprint = 'aa:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd'
    const file = JSON.stringify({ agents: [{ id: 'web-1', uri: 'https://10.0.0.1:10933/', thumbprint }] })
    expect(load(['--config', 'x.json'], {}, file).agents[0]?.thumbprint).toBe('AABBCCDDEEFF00112233445566778899AABBCCDD')
  })

  test.each<[string[], Record<string, string>, string | undefined, string]>([
    [['--prot', '1'], {}, undefined, '--prot: there is no such flag'],
    [['port', '1'], {}, undefined, 'port: is not a flag'],
    [['--port'], {}, undefined, '--port: a value is missing'],
    [['--port', '70000'], {}, undefined, '--port: "70000": expected a whole number from 0 to 65535'],
    [['--no-port'], {}, undefined, '--no-port: only a switch can be turned off'],
    [['--log-level', 'loud'], {}, undefined, '--log-level: "loud": expected "debug" or "info" or "warn" or "error"'],
    [[], { HALIBUT_GATEWAY_PROT: '1' }, undefined, 'HALIBUT_GATEWAY_PROT: there is no such setting'],
    [[], { HALIBUT_GATEWAY_PORT: 'x' }, undefined, 'HALIBUT_GATEWAY_PORT: "x": expected a whole number from 0 to 65535'],
    [['--config', 'x.json'], {}, undefined, 'x.json: ENOENT'],
    [['--config', 'x.json'], {}, '{', 'x.json: Expected'],
    [['--config', 'x.json'], {}, '{"prot":1}', 'x.json: prot: there is no such setting'],
    [['--config', 'x.json'], {}, '{"agents":[{"id":"a","uri":"http://x/","thumbprint":""}]}', 'x.json: agents/0/uri:'],
    [
      ['--config', 'x.json'],
      {},
      '{"agents":[{"id":"a","uri":"https://x/","thumbprint":"12"}]}',
      "agents/0/thumbprint: '12' has 2 hexadecimal digits; SHA-1 has 40, SHA-256 has 64",
    ],
  ])('%j %j %s: the error tells the place and the reason', (flags, environment, file, message) => {
    expect(() => load(flags, environment, file)).toThrow(message)
  })

  test('what is unknown is told with where all settings are told, what is missing as that', () => {
    const advised = expect.objectContaining({ advice: 'npm start -- --help tells all settings' })
    for (const flags of [['--prot', '1'], ['-h']]) expect(() => load(flags)).toThrow(advised)
    expect(() => load([], { HALIBUT_GATEWAY_PROT: '1' })).toThrow(advised)
    expect(() => load(['--config', 'x.json'], {}, '{"log-level":"info"}')).toThrow(advised)
    const file = '{"agents":[{"id":"a","uri":"https://x/"}]}'
    expect(() => load(['--config', 'x.json'], {}, file)).toThrow('x.json: agents/0/thumbprint: is missing')
  })
})
