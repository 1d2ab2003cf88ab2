import { connect } from 'node:net'
import { createPageWorld, type PageWorld } from './page-world.ts'
import { tcpServer } from './tcp-server.ts'

const services = ['ICalculatorService', 'ICounterService', 'IEchoService', 'IFileStoreService', 'ITroubleService']
const nowhere = 'https://127.0.0.1:1/'

/** A fleet as one meets it, with something of everything that its page shows. */
export interface PageFleet extends PageWorld {
  /** The token of somebody who may only look. */
  readonly viewer: string
  /** The same of somebody who may call agents, and not change them. */
  readonly operator: string
}

/**
 * Starts it: agents that listen and poll, are away, refuse, are disabled, wrongly pinned, ask to be let in, and two machines that are one; with calls
 * that were answered, failed and run.
 */
export async function createPageFleet(): Promise<PageFleet> {
  const world = await createPageWorld()
  const { client } = world
  const { hostname, port } = new URL(world.agentAddress)
  // The second machine of a pair comes from another address.
  const elsewhere = await tcpServer(socket => {
    const onward = connect({ host: hostname, port: Number(port), localAddress: '127.0.0.2' })
    onward.on('error', () => socket.destroy()).on('close', () => socket.destroy())
    socket.on('close', () => onward.destroy())
    socket.pipe(onward).pipe(socket)
  })
  const add = (agent: string, uri: string, thumbprint: string, tags: readonly string[] = []): Promise<unknown> =>
    client.request('agents.add', { agent, uri, thumbprint, services, tags: [...tags] })

  const { entry } = await world.startAgent('web-1', ['--listen', '127.0.0.1:0'])
  const { uri = '', thumbprint = '' } = entry
  await add('web-1', uri, thumbprint, ['role=web', 'site=north'])
  for (let i = 2; i <= 12; i++) await add(`web-${i}`, uri, thumbprint, ['role=web', i % 3 === 0 ? 'site=south' : 'site=north'])
  for (const agent of ['db-1', 'cache-1']) {
    const { entry: own } = await world.startAgent(agent, ['--poll', world.agentAddress])
    await add(agent, own['uri'] ?? '', own['thumbprint'] ?? '', [`role=${agent.slice(0, -2)}`, 'site=south'])
  }
  await world.startAgent('cache-1', ['--poll', `https://127.0.0.1:${elsewhere.port}/`], { isTwin: true })
  await add('wrong-1', uri, 'C'.repeat(40), ['role=web'])
  await add('gone-1', 'poll://gone-1/', 'A'.repeat(40), ['role=build'])
  await add('refused-1', nowhere, 'D'.repeat(40), ['role=build'])
  await add('off-1', nowhere, 'B'.repeat(40), ['role=build'])
  await client.request('agents.disable', { agent: 'off-1' })
  await world.startAgent('stranger', ['--poll', world.agentAddress])

  const web = client.agent('web-1')
  for (const name of ['Ada', 'Grace', 'Barbara']) await web.invoke('IEchoService', 'SayHello(string)', [name])
  await web.invoke('ITroubleService', 'Fail(string)', ['the disk is full']).catch(() => undefined)
  await client
    .agent('refused-1')
    .invoke('IEchoService', 'SayHello(string)', ['Ada'], { timeoutMs: 200 })
    .catch(() => undefined)
  // These run for as long as the world is there.
  web.invoke('ITroubleService', 'Slow(int64)', ['500000']).catch(() => undefined)
  client
    .agent('gone-1')
    .invoke('IEchoService', 'SayHello(string)', ['Ada'])
    .catch(() => undefined)
  const tokens = await Promise.all(
    (['viewer', 'operator'] as const).map(role =>
      client.request('tokens.create', { name: role === 'viewer' ? 'wall-screen' : 'night-shift', role }),
    ),
  )
  return {
    ...world,
    viewer: tokens[0]?.secret ?? '',
    operator: tokens[1]?.secret ?? '',
    async [Symbol.asyncDispose]() {
      await world[Symbol.asyncDispose]()
      await elsewhere[Symbol.asyncDispose]()
    },
  }
}
