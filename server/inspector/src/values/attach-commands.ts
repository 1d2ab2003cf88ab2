import type { AgentSide } from '../state/about.ts'

/** One way to set up an agent: what runs there, and the lines to paste. */
export interface AttachWay {
  readonly title: string
  readonly about: string
  readonly lines: readonly string[]
}

const listenPort = 10_933
const sampleAbout =
  'Hosts sample services, to look at how all this goes. Run it where halibut-gateway is installed, in a terminal of its own: it runs until Ctrl-C.'
const windowsHome = String.raw`C:\Octopus\Halibut`
const linuxHome = '/etc/octopus/halibut'

/** How an agent is set up that polls this gateway. */
export function pollingWays({ thumbprint, host, port, address }: AgentSide): readonly AttachWay[] {
  return [
    {
      title: 'A sample agent',
      about: sampleAbout,
      lines: [`halibut-gateway agent --trust ${thumbprint} --poll ${address} --name my-agent`],
    },
    {
      title: 'Tentacle on Windows',
      about: 'In a command prompt of an administrator, where Tentacle.exe lies.',
      lines: tentacle('Tentacle.exe', windowsHome, '\\', thumbprint, { host, port }),
    },
    {
      title: 'Tentacle on Linux',
      about: 'In a shell of root.',
      lines: tentacle('/opt/octopus/tentacle/Tentacle', linuxHome, '/', thumbprint, { host, port }),
    },
  ]
}

/** How an agent is set up that this gateway dials: where all is on one machine so far, a sample is open to that one alone. */
export function listeningWays({ thumbprint, isLoopback }: AgentSide): readonly AttachWay[] {
  return [
    {
      title: 'A sample agent',
      about: sampleAbout,
      lines: [`halibut-gateway agent --trust ${thumbprint} --listen ${isLoopback ? '127.0.0.1' : '0.0.0.0'}:${listenPort} --name my-agent`],
    },
    {
      title: 'Tentacle on Windows',
      about: 'In a command prompt of an administrator, where Tentacle.exe lies.',
      lines: tentacle('Tentacle.exe', windowsHome, '\\', thumbprint, undefined),
    },
    {
      title: 'Tentacle on Linux',
      about: 'In a shell of root.',
      lines: tentacle('/opt/octopus/tentacle/Tentacle', linuxHome, '/', thumbprint, undefined),
    },
  ]
}

/** A Tentacle is set up without an Octopus Server; where it polls, `polls` is whom. */
function tentacle(
  program: string,
  home: string,
  separator: string,
  thumbprint: string,
  polls: { readonly host: string; readonly port: number } | undefined,
): readonly string[] {
  const instance = '--instance=Halibut'
  const quoted = (text: string): string => (separator === '/' ? text : `"${text}"`)
  return [
    `${program} create-instance ${instance} --config=${quoted(`${home}${separator}Tentacle.config`)}`,
    `${program} new-certificate ${instance} --if-blank`,
    `${program} configure ${instance} --home=${quoted(home)} --app=${quoted(`${home}${separator}Applications`)} ${polls ? '--noListen=True' : `--noListen=False --port=${listenPort}`} --trust=${thumbprint}`,
    ...(polls
      ? [`${program} server-comms ${instance} --thumbprint=${thumbprint} --style=TentacleActive --host=${polls.host} --port=${polls.port}`]
      : []),
    `${program} service ${instance} --install --start`,
    `${program} show-thumbprint ${instance}`,
  ]
}
