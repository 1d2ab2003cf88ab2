import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { createClient, type GatewayClient } from '../../client-sdk/src/index.ts'
import { createTestCertificate, testIdentity } from './certificates.ts'
import type { GatewayFigures, GatewayPorts, GatewayStart } from './gateway-process.ts'
import { nodeWebSocket } from './node-websocket.ts'
import { dialRaw, type RawPeer } from './raw-peer.ts'
import { echoService } from './sample-contracts.ts'
import { addSampleServices } from './sample-services.ts'
import { openAsSubscriber, readExchangeMessage, stalledMessage, subscriberOpening } from './scripted-halibut.ts'
import { createRuntime } from './world.ts'

/** A gateway in a process of its own, with an honest polling agent and a browser, and a certificate for whoever is not. */
interface Siege extends AsyncDisposable {
  readonly agentPort: number
  readonly client: GatewayClient
  /**
   * The browser calls the honest agent until `during` settles, and at least so often; each call must be answered. Resolves with their number.
   */
  callHonestly(during: Promise<unknown>, atLeast?: number): Promise<number>
  /** The gateway’s resident memory, in MiB. */
  rssMiB(): Promise<number>
  /** How many are pending. */
  pending(): Promise<number>
}

/** The thumbprint of the identity `hostile` is trusted, and its agent is `hostile`, at `poll://hostile/`. */
async function createSiege(heapMiB: number): Promise<Siege> {
  const { certificatePem, keyPem, thumbprint } = testIdentity('gateway')
  const token = 'hgw_start_siege'
  const child = fork(fileURLToPath(new URL('./gateway-process.ts', import.meta.url)), [], {
    execArgv: [`--max-old-space-size=${heapMiB}`, '--conditions=@halibut-gateway/source', '--import', 'tsx'],
  })
  const gone = once(child, 'exit')
  const honest = createRuntime('honest')
  addSampleServices((contract, implementation, options) => honest.addService(contract, implementation, options))
  const agents = { honest: honest.thumbprint, hostile: testIdentity('hostile').thumbprint }
  child.send({ certificatePem, keyPem, token, agents, areExpected: true } satisfies GatewayStart)
  const [{ port, agentPort }] = (await once(child, 'message')) as [GatewayPorts]
  honest.poll({ subscription: 'poll://honest/', endpoint: { uri: `https://127.0.0.1:${agentPort}/`, thumbprint } })
  const client = createClient({ url: `http://127.0.0.1:${port}/`, token, webSocket: nodeWebSocket })
  const echo = client.agent('honest').service(echoService)
  const ask = async (): Promise<GatewayFigures> => {
    child.send('figures')
    const [figures] = (await once(child, 'message')) as [GatewayFigures]
    return figures
  }
  return {
    agentPort,
    client,
    async callHonestly(during, atLeast = 0) {
      let over = false
      const ended = during.finally(() => {
        over = true
      })
      // Where an honest call fails, that is the error to tell.
      ended.catch(() => undefined)
      let calls = 0
      while (!over || 2 * calls < atLeast) {
        expect(await echo.SayHello(`call ${++calls}`)).toBe(`call ${calls}...`)
        expect(await echo.Big(300_000n)).toHaveLength(300_000)
      }
      await ended
      return 2 * calls
    },
    rssMiB: async () => Math.round((await ask()).rss / 2 ** 20),
    pending: async () => (await ask()).pending,
    async [Symbol.asyncDispose]() {
      client.close()
      await honest.close()
      if (child.connected) child.disconnect()
      await gone
    },
  }
}

/** Opens so many connections without a certificate, which write 19,990 or 1,000 characters and no line end. */
export async function besiegeWithOpenings(options: { readonly connections: number; readonly heapMiB: number }) {
  await using siege = await createSiege(options.heapMiB)
  // The first is more than is read of a stranger, the second stays as long as one may.
  const endless = [Buffer.alloc(19_990, 'x'), Buffer.alloc(1_000, 'x')] as const
  const peers: RawPeer[] = []
  let turnedAway = 0
  async function attack(): Promise<void> {
    const ends: Promise<unknown>[] = []
    for (let begun = 0; begun < options.connections; begun += 10) {
      const batch = Array.from({ length: Math.min(10, options.connections - begun) }, () => dialRaw(siege.agentPort))
      for (const dialled of await Promise.allSettled(batch)) {
        if (dialled.status === 'rejected') {
          turnedAway++
          continue
        }
        const peer = dialled.value
        peers.push(peer)
        ends.push(peer.closed)
        await peer.write(peers.length % 2 === 1 ? endless[0] : endless[1])
      }
    }
    await Promise.all(ends)
  }
  try {
    await siege.callHonestly(Promise.resolve())
    const rssBefore = await siege.rssMiB()
    const honestCalls = await siege.callHonestly(attack())
    return { connections: peers.length, turnedAway, honestCalls, rssBefore, rssAfter: await siege.rssMiB() }
  } finally {
    for (const peer of peers) peer.destroy()
  }
}

/**
 * So many strangers knock, each with a certificate of its own; every second one says nothing after its preamble. Resolves when the gateway has
 * turned away the last.
 */
export async function besiegeWithStrangers(options: { readonly strangers: number; readonly heapMiB: number }) {
  await using siege = await createSiege(options.heapMiB)
  const certificates = Array.from({ length: options.strangers }, (_, n) => createTestCertificate({ commonName: `stranger ${n}` }))
  const peers: RawPeer[] = []
  let turnedAway = 0
  async function attack(): Promise<void> {
    const ends: Promise<unknown>[] = []
    for (let begun = 0; begun < options.strangers; begun += 10) {
      const batch = certificates.slice(begun, begun + 10).map(async (certificate, n) => {
        const peer = await dialRaw(siege.agentPort, { certificate })
        peers.push(peer)
        ends.push(peer.closed)
        await peer.write(n % 2 === 0 ? subscriberOpening(`poll://stranger-${begun + n}/`) : 'MX\r\n\r\nMX-SUB')
      })
      for (const { status } of await Promise.allSettled(batch)) if (status === 'rejected') turnedAway++
    }
    await Promise.all(ends)
  }
  try {
    await siege.callHonestly(Promise.resolve())
    const rssBefore = await siege.rssMiB()
    const honestCalls = await siege.callHonestly(attack())
    const rssAfter = await siege.rssMiB()
    return { strangers: options.strangers, turnedAway, pending: await siege.pending(), honestCalls, rssBefore, rssAfter }
  } finally {
    for (const peer of peers) peer.destroy()
  }
}

/** The trusted agent `hostile` answers on so many connections with 63 MiB, deflated to some 60 KB, and stops before the end. */
export async function besiegeWithStalledAnswers(options: { readonly connections: number; readonly heapMiB: number }) {
  await using siege = await createSiege(options.heapMiB)
  const certificate = testIdentity('hostile')
  const answer = stalledMessage(64 * 2 ** 20, 63 * 2 ** 20)
  const hostile = siege.client.agent('hostile').service(echoService)
  const peers: RawPeer[] = []
  const errors: string[] = []
  try {
    await siege.callHonestly(Promise.resolve(), 2)
    const rssBefore = await siege.rssMiB()
    const attack = Promise.all(
      Array.from({ length: options.connections }, async () => {
        const peer = await dialRaw(siege.agentPort, { certificate })
        peers.push(peer)
        await openAsSubscriber(peer, 'poll://hostile/')
        hostile.SayHello('').catch((why: { kind?: string }) => void errors.push(String(why.kind)))
        await readExchangeMessage(peer)
        await peer.write(answer)
      }),
    )
    const honestCalls = (await siege.callHonestly(attack)) + (await siege.callHonestly(attack, 60))
    return { connections: peers.length, honestCalls, rssBefore, rssAfter: await siege.rssMiB(), errors }
  } finally {
    for (const peer of peers) peer.destroy()
  }
}
