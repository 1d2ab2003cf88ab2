import { deflateRawSync } from 'node:zlib'
import { GatewayError } from '../../client-sdk/src/index.ts'
import type { Limits } from '../../server/src/base/limits.ts'
import { testIdentity } from './certificates.ts'
import { listenRaw } from './raw-peer.ts'
import { createRealGateway } from './real-gateway.ts'
import { openAsAcceptor, readExchangeMessage } from './scripted-halibut.ts'
import { echo } from './world.ts'

/** A response whose result is an array of so many empty documents, seven bytes each, as it goes over the wire. */
function elementBomb(documents: number): Buffer {
  const items = Buffer.alloc(documents * emptyDocument.length, emptyDocument)
  const message = document(element(0x02, 'id', Buffer.from('020000007200', 'hex')), element(0x04, 'result', document(items)))
  return deflateRawSync(document(element(0x03, 'Message', message)), { level: 9 })
}

const emptyDocument = Buffer.from('03000500000000', 'hex')

function element(type: number, name: string, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type]), Buffer.from(`${name}\0`), value])
}

function document(...elements: readonly Buffer[]): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32LE(elements.reduce((sum, each) => sum + each.length, 5))
  return Buffer.concat([length, ...elements, Buffer.from([0])])
}

/** What came of an agent that answers with {@link elementBomb}, and of an honest one beside it. */
export interface BombOutcome {
  readonly wireBytes: number
  /** The kind of error of each call to the agent that answers so. */
  readonly kinds: readonly string[]
  /** Calls of another browser to another agent, all answered, while the answer was being read. */
  readonly honestCalls: number
  readonly longestCallMs: number
  readonly rssGrewBytes: number
  /** What the gateway still holds for messages when all is over. */
  readonly heldBytes: number
}

/**
 * Calls an agent that answers with the bomb, `callers` at once and each `times` times, and an honest one beside it, one call after another until
 * those have ended.
 */
export async function runElementBomb(
  { documents, callers, times }: { readonly documents: number; readonly callers: number; readonly times: number },
  limits: Partial<Limits> = {},
): Promise<BombOutcome> {
  const bomb = elementBomb(documents)
  const certificate = testIdentity('service')
  await using gateway = await createRealGateway({
    contracts: [echo],
    host: agent => agent.addService(echo, { SayHello: name => `${name}...` }),
    limits,
  })
  await using hostile = await listenRaw({
    certificate,
    onConnection: async peer => {
      await openAsAcceptor(peer)
      await readExchangeMessage(peer)
      // Refused before its end, the connection is reset.
      await peer.write(bomb).catch(() => undefined)
    },
  })
  gateway.directory.add({ id: 'bomb', uri: `https://localhost:${hostile.port}/`, thumbprint: certificate.thumbprint })
  const browser = gateway.client()
  const honest = gateway.client().agent('web-1').service(echo)
  await honest.SayHello('warm')
  global.gc?.()
  const rssBefore = process.memoryUsage.rss()

  let arrived = false
  gateway.runtime.on('message', ({ direction, documentBytes }) => {
    arrived ||= direction === 'received' && documentBytes > documents
  })
  let going = callers
  const kinds: string[] = []
  const caller = async (): Promise<void> => {
    for (let i = 0; i < times; i++) {
      const outcome = await browser
        .agent('bomb')
        .invoke('ISomething', 'Get', [])
        .catch((why: unknown) => why)
      kinds.push(outcome instanceof GatewayError ? outcome.kind : String(outcome))
    }
  }
  const called = Promise.all(Array.from({ length: callers }, () => caller().finally(() => going--)))
  let honestCalls = 0
  let longestCallMs = 0
  let rss = rssBefore
  while (going > 0) {
    const startedAt = performance.now()
    if ((await honest.SayHello('Paul')) !== 'Paul...') throw new Error('the honest agent’s answer is another')
    if (arrived) honestCalls++
    longestCallMs = Math.max(longestCallMs, performance.now() - startedAt)
    rss = Math.max(rss, process.memoryUsage.rss())
  }
  await called
  const heldBytes = gateway.runtime.memoryInUse().messages
  return { wireBytes: bomb.length, kinds, honestCalls, longestCallMs, rssGrewBytes: rss - rssBefore, heldBytes }
}
