import type { RunningGateway } from './start.ts'

/** What somebody can paste whose gateway has no agents yet: how one gets there, and how it is let in. */
export function attachHelp({
  address,
  opensWith,
  agentAddress,
  thumbprint,
}: Pick<RunningGateway, 'address' | 'opensWith' | 'agentAddress' | 'thumbprint'>): string {
  const { hostname: host, port } = new URL(agentAddress)
  const isHere = host === 'localhost' || host === '[::1]' || host.startsWith('127.')
  const elsewhere = isHere ? `\n  Agents of other machines do not reach ${host}: --agent-host 0.0.0.0 lets them.\n` : ''
  const signIn = opensWith === 'own-token' ? 'export HALIBUT_GATEWAY_TOKEN=…' : `export HALIBUT_GATEWAY_URL='${address}'`
  return `  There are no agents yet. On the machine of one, each of these lines starts or sets up another kind:

    a sample that polls      halibut-gateway agent --trust ${thumbprint} --poll ${agentAddress}
    a sample that listens    halibut-gateway agent --trust ${thumbprint} --listen 127.0.0.1:10933
    a Tentacle that polls    Tentacle.exe configure --noListen=True
                             Tentacle.exe server-comms --style=TentacleActive --host=${host} --port=${port} --thumbprint=${thumbprint}
    a Tentacle that listens  Tentacle.exe configure --port=10933 --trust=${thumbprint}

  Then here, where the first line lets the others in:

    ${signIn}
    halibut-gateway trust pending                       who polls and waits to be let in, by trust approve
    halibut-gateway agents add --help                   adds one that listens, by its address and its thumbprint
    halibut-gateway agents list                         who is there, and why not
    halibut-gateway doctor --help                       what is wrong with one, and what to do
${elsewhere}
`
}
