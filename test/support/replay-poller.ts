import type { HalibutError } from '../../server/src/base/errors.ts'
import type { Limits } from '../../server/src/base/limits.ts'
import type { HalibutRuntime } from '../../server/src/runtime/runtime.ts'
import { sayHello } from './caller-recipes.ts'
import { testIdentity } from './certificates.ts'
import { deflated, stored } from './deflate-forms.ts'
import { dialRaw, listenRaw, type RawPeer } from './raw-peer.ts'
import { comparable, messageMembers, type RecordedCase } from './recorded-cases.ts'
import { type CallOutcome, callTwice, describeResult, responseDocument } from './replay-agent.ts'
import { echoService } from './sample-contracts.ts'
import { addSampleServices, bigText } from './sample-services.ts'
import { late, readFrame, readText, type Step, sendSteps } from './send-steps.ts'
import { createRuntime, nextLog } from './world.ts'

const opening = 'MX\r\n\r\n'
const NEXT = 'NEXT\r\n'
const together = (...parts: (Buffer | string)[]): Buffer => Buffer.concat(parts.map(part => Buffer.from(part)))
const garbage = Buffer.alloc(8, 0xff)
const nullDocument = Buffer.from('0e0000000a4d6573736167650000', 'hex')

/** What a scripted polling agent announces, and by which name it is called. */
function names(id: string): { announced: string; called: string } {
  const own = `poll://${id}/`
  const others: Readonly<Record<string, { announced: string; called?: string }>> = {
    'poll-sub-uppercase': { announced: 'MX-SUBSCRIBER 1.0 poll://UPPER-CASE', called: 'poll://upper-case' },
    'poll-sub-slash': { announced: 'MX-SUBSCRIBER 1.0 poll://poll-sub-slash' },
    'poll-sub-path': { announced: `MX-SUBSCRIBER 1.0 ${own}path` },
    'poll-sub-path-both': { announced: `MX-SUBSCRIBER 1.0 ${own}path`, called: `${own}path` },
    'poll-sub-extra-spaces': { announced: `MX-SUBSCRIBER   1.0   ${own}   and more` },
    'poll-sub-https': { announced: 'MX-SUBSCRIBER 1.0 https://foo/', called: 'poll://foo/' },
  }
  return { announced: `MX-SUBSCRIBER 1.0 ${own}`, called: own, ...others[id] }
}

/** What a scripted polling agent answers. */
function answer(id: string, requestId: string): readonly Step[] {
  const response = responseDocument('Hi', requestId)
  const answers: Readonly<Record<string, () => readonly Step[]>> = {
    'poll-one-write': () => [together(deflated(response), NEXT)],
    'poll-stored-one-write': () => [together(stored(response), NEXT)],
    // The recorded text is longer than its description says.
    'poll-large-one-write': () => [together(deflated(responseDocument(bigText(208_000), requestId)), NEXT)],
    'poll-other-id': () => [deflated(responseDocument('Hi', 'something else')), NEXT],
    'poll-id-case': () => [deflated(responseDocument('Hi', requestId.toUpperCase())), NEXT],
    'poll-null-response': () => [deflated(nullDocument), NEXT],
    'poll-end': () => [deflated(response), 'END\r\n'],
    'poll-garbage': () => [garbage],
    'poll-late-next': () => [deflated(response), late, NEXT],
  }
  return answers[id]?.() ?? [deflated(response), NEXT]
}

/** A runtime that listens for scripted polling agents and calls them. */
export class PolledClient implements AsyncDisposable {
  readonly #runtime: HalibutRuntime
  readonly #port: number

  private constructor(runtime: HalibutRuntime, port: number) {
    this.#runtime = runtime
    this.#port = port
  }

  static async start(): Promise<PolledClient> {
    const runtime = createRuntime('client', { trust: [testIdentity('agent').thumbprint] })
    return new PolledClient(runtime, (await runtime.listen()).port)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#runtime.close()
  }

  async replay(recorded: RecordedCase): Promise<CallOutcome> {
    const { id, observed } = recorded
    const { announced, called } = names(id)
    await using peer = await dialRaw(this.#port, { certificate: testIdentity('agent') })
    await peer.write(`${opening}${announced}\r\n\r\n`)
    await readText(peer, '\r\n\r\n')
    const cancel = new AbortController()
    const script = this.#poll(peer, id).then(() => {
      // The recording gave up on calls that nothing answers.
      if (observed.includes('RequestCancelledException')) cancel.abort()
    })
    const thumbprint = testIdentity(id === 'poll-wrong-thumbprint' ? 'stranger' : 'agent').thumbprint
    let calls = 0
    const call = async (): Promise<string> => {
      const fails = observed.includes('did not collect') || (id === 'poll-end' && calls > 0) || id === 'poll-wrong-thumbprint'
      calls++
      const value = await this.#runtime.call({
        endpoint: { uri: called, thumbprint },
        contract: echoService,
        service: echoService.service,
        method: 'SayHello',
        args: ['Paul'],
        signal: cancel.signal,
        ...(fails && { queueTimeoutMs: 50 }),
      })
      return describeResult(value, 'string', echoService)
    }
    const outcomes = await callTwice(recorded, call, () => 1)
    peer.destroy()
    await script.catch(() => {})
    return outcomes
  }

  async #poll(peer: RawPeer, id: string): Promise<void> {
    for (;;) {
      const request = await readFrame(peer)
      if (request === undefined) return
      if (id === 'poll-close-after-request') return peer.end()
      await sendSteps(peer, answer(id, String(messageMembers(request).get('id')?.[1])))
      if (id === 'poll-end' || id === 'poll-garbage') return
      await readText(peer, 'PROCEED\r\n')
      if (/^poll-(other-id|id-case|null-response)$/.test(id)) return
    }
  }
}

/** What a scripted client writes to a polling service; after each turn it reads so many answers. */
interface Turn {
  readonly write: readonly Step[]
  readonly answers: number
}

const SERVER = 'MX-SERVER 1.0\r\n\r\n'
const PROCEED = 'PROCEED\r\n'
const request = (name: string): Buffer => deflated(sayHello(name))

const turns: Readonly<Record<string, readonly Turn[]>> = {
  'psvc-ordinary': [
    { write: [SERVER, request('Paul')], answers: 1 },
    { write: [PROCEED, request('Two')], answers: 1 },
  ],
  'psvc-server-and-request': [{ write: [together(SERVER, request('Paul'))], answers: 1 }],
  'psvc-proceed-and-request': [
    { write: [SERVER, request('Paul')], answers: 1 },
    { write: [together(PROCEED, request('Two'))], answers: 1 },
  ],
  'psvc-pipelined': [{ write: [SERVER, together(request('1'), PROCEED, request('2'), PROCEED, request('3'))], answers: 3 }],
  'psvc-null': [{ write: [SERVER, deflated(nullDocument)], answers: 1 }],
  'psvc-null-stored': [{ write: [SERVER, stored(nullDocument)], answers: 1 }],
  'psvc-null-empty-root': [{ write: [SERVER, deflated(Buffer.from('0500000000', 'hex'))], answers: 1 }],
  'psvc-null-then-request': [
    { write: [SERVER, deflated(nullDocument)], answers: 1 },
    { write: [together(PROCEED, request('Paul'))], answers: 1 },
  ],
  'psvc-stored-request': [{ write: [SERVER, stored(sayHello('s'))], answers: 1 }],
  'psvc-end': [
    { write: [SERVER, request('Paul')], answers: 1 },
    { write: ['END\r\n'], answers: 0 },
  ],
  'psvc-no-proceed': [{ write: [SERVER, request('Paul')], answers: 1 }],
  'psvc-idle': [{ write: [SERVER], answers: 0 }],
  'psvc-undecodable': [{ write: [SERVER, garbage], answers: 0 }],
}

/** A runtime with the sample services that polls scripted clients. */
export class PollingService implements AsyncDisposable {
  readonly #runtime: HalibutRuntime

  constructor(limits: Partial<Limits> = {}) {
    this.#runtime = createRuntime('service', { corlib: 'System.Private.CoreLib', limits })
    addSampleServices((contract, implementation, options) => this.#runtime.addService(contract, implementation, options))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#runtime.close()
  }

  async replay({ id, observed }: RecordedCase): Promise<{ identity: string; observed: string }> {
    const certificate = testIdentity('client')
    await using listener = await listenRaw({ certificate })
    const failed = nextLog(this.#runtime, ({ type }) => type === 'Error')
    const endpoint = { uri: `https://localhost:${listener.port}/`, thumbprint: certificate.thumbprint }
    const polling = this.#runtime.poll({ subscription: 'poll://sq-tentapoll', endpoint })
    const peer = await listener.accept()
    await readText(peer, '\r\n\r\n')
    const identity = (await readText(peer, '\r\n\r\n')).trimEnd()
    const seen: string[] = []
    for (const { write, answers } of turns[id] ?? []) {
      await sendSteps(peer, write)
      for (let i = 0; i < answers; i++) seen.push(await readAnswer(peer))
    }
    if (observed.includes('connection end')) {
      const rest = await peer.readToEnd()
      seen.push('connection end')
      if (observed.includes('bytes received')) seen.push(`bytes received ${JSON.stringify(rest.toString('latin1'))}`)
      const { dotnetType, dotnetMessage } = (await failed).error as HalibutError
      seen.push(`${dotnetType}: ${dotnetMessage}`.replace(/\.?$/, '.'))
    }
    await polling.close()
    return { identity, observed: comparable(seen.join('; ')) }
  }

  /** What a listener sees of fourteen connections. */
  async tlsOfFourteenConnections(): Promise<string> {
    const certificate = testIdentity('client')
    await using listener = await listenRaw({ certificate })
    const endpoint = { uri: `https://localhost:${listener.port}/`, thumbprint: certificate.thumbprint }
    const peers: RawPeer[] = []
    while (peers.length < 14) {
      const polling = this.#runtime.poll({ subscription: 'poll://sq-tentapoll', endpoint })
      peers.push(await listener.accept())
      await polling.close()
    }
    const { thumbprint } = this.#runtime
    return JSON.stringify({
      withCertificate: peers.filter(({ peerThumbprint }) => peerThumbprint !== undefined).length,
      thumbprintMatches: peers.filter(({ peerThumbprint }) => peerThumbprint === thumbprint).length,
      of: peers.length,
      protocols: [...new Set(peers.map(({ socket }) => socket.getProtocol()))],
      sessionsReused: peers.filter(({ socket }) => socket.isSessionReused()).length,
    })
  }
}

/** `"result" then NEXT`, or NEXT alone. */
async function readAnswer(peer: RawPeer): Promise<string> {
  const start = await peer.readUntil(
    unread => unread.length >= NEXT.length && (unread.subarray(0, NEXT.length).toString('latin1') === NEXT ? NEXT.length : 0),
  )
  if (start.length > 0) return 'NEXT'
  const document = await readFrame(peer)
  const result = document && messageMembers(document).get('result')?.[1]
  return `${JSON.stringify(result)} then ${(await readText(peer, '\r\n')).trimEnd()}`
}
