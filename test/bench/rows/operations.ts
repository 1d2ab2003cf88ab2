import { identities } from '../identities.ts'
import { type Peer, startPeer } from '../peer.ts'
import type { Contest, Row } from '../rounds.ts'
import { chain, cpuOfCalls, token } from './chain.ts'

const strangers = 1_000
const measureMs = 4_000
/** A disk is asked once for what comes together: who calls alone waits for it each time, a fleet’s callers do not. */
const callers = 32

/** The same product with all that an operator has it do, and without any of it. */
async function operatedCalls(): Promise<Contest> {
  const [ours, rival] = [await chain('polling', { operated: true }), await chain('polling')]
  return {
    ours: () => cpuOfCalls(ours.gateway, ours.browser, callers),
    rival: () => cpuOfCalls(rival.gateway, rival.browser, callers),
    close: async () => void (await Promise.all([ours.close(), rival.close()])),
  }
}

/** A gateway for polling agents, one of them honest, a browser that has called it, and a process of strangers. */
async function besieged(): Promise<{ browser: Peer; strangers: Peer; agentPort: number; close(): Promise<void> }> {
  const { dialler, acceptor } = await identities()
  const [gateway, agent, browser, crowd] = [startPeer('gateway'), startPeer('runtime'), startPeer('browser'), startPeer('strangers')]
  const uri = 'poll://bench/'
  const known = { uri, thumbprint: dialler.thumbprint }
  const port = await gateway.ask<number>('listen', { identity: acceptor, agent: known, token, fleet: [] })
  const agentPort = await gateway.ask<number>('listenForAgents')
  await agent.ask('create', { identity: dialler, trust: acceptor.thumbprint })
  await agent.ask('serve')
  await agent.ask('poll', { subscription: uri, port: agentPort, thumbprint: acceptor.thumbprint })
  await crowd.ask('giveWay')
  await browser.ask('open', { port, token })
  await browser.ask('callsOf', 500)
  const close = async (): Promise<void> => void (await Promise.all([gateway, agent, browser, crowd].map(peer => peer.stop())))
  return { browser, strangers: crowd, agentPort, close }
}

async function besideStrangers(): Promise<Contest> {
  const { browser, strangers: crowd, agentPort: port, close } = await besieged()
  const p99 = async (count: number): Promise<number> => {
    await browser.ask('startCalls')
    const greeted = await crowd.ask<number>('attack', { port, count, measureMs })
    const ms = await browser.ask<number>('stopCalls')
    await crowd.ask('leave')
    // Were none of them through, others would not have been held up.
    if (count > 0 && greeted === 0) throw new Error('no stranger was let through TLS')
    return ms
  }
  return { ours: () => p99(strangers), rival: () => p99(0), close }
}

/** What a gateway costs and bears that an operator runs. */
export const operationRows: readonly Row[] = [
  {
    name: 'gateway CPU per call with rules, audit, metrics and tracing / without any of them',
    floor: 1.25,
    aim: 1.1,
    lowerIsBetter: true,
    unit: 'µs',
    warmUpRounds: 4,
    moreRounds: 2,
    open: operatedCalls,
  },
  {
    name: 'p99 of calls to an honest agent beside 1,000 stalled or anonymous TLS handshakes / alone',
    floor: 2,
    aim: 1.3,
    lowerIsBetter: true,
    unit: 'ms',
    open: besideStrangers,
  },
]
