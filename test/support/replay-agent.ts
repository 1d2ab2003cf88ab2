import { createHash } from 'node:crypto'
import { inflateRawSync } from 'node:zlib'
import type { Contract, TypeNode } from '@halibut-gateway/schemas/contract'
import { HalibutError } from '../../server/src/base/errors.ts'
import type { Limits } from '../../server/src/base/limits.ts'
import { DataStream } from '../../server/src/codec/data-stream.ts'
import type { HalibutRuntime } from '../../server/src/runtime/runtime.ts'
import { decodeTree, encodeTree, mapStrings } from './bson-tree.ts'
import { testIdentity } from './certificates.ts'
import { deflated, stored } from './deflate-forms.ts'
import { describeValue } from './describe-value.ts'
import { listenRaw, type RawPeer } from './raw-peer.ts'
import { comparable, type RecordedCase, recordedCases, sentBytes } from './recorded-cases.ts'
import { calculatorService, echoService, typesService } from './sample-contracts.ts'
import { bigText } from './sample-services.ts'
import { bytewise, late, readFrame, readText, type Step, sendSteps } from './send-steps.ts'
import { createRuntime } from './world.ts'

/** What became of a call: its result or its error, and the call after it (`usable`: the same again, on the same connection). */
export interface CallOutcome {
  readonly call: string
  readonly next: string | undefined
}

/** What the recording of a call says, in comparable form. */
export function recordedCallOutcome({ observed, connectionAfter }: RecordedCase): CallOutcome {
  const [, type, message = ''] = /^([\w.]+)(?: \[\w+\])?: (.*?)(?: <- [\w.]+)*(?:; log: .*)?$/s.exec(observed) ?? []
  return {
    call: comparable(type === undefined || observed.startsWith('returned ') ? observed : `${type}: ${message}`),
    next: connectionAfter && comparable(connectionAfter.replace(/^next call: /, '')),
  }
}

/** Calls twice, as the recording did. `connections` tells how many there were. */
export async function callTwice(recorded: RecordedCase, call: () => Promise<string>, connections: () => number): Promise<CallOutcome> {
  const first = await call().catch(failure)
  const { next } = recordedCallOutcome(recorded)
  if (next === undefined) return { call: comparable(first), next }
  const before = connections()
  const second = await call().catch(failure)
  if (second === first && first.startsWith('returned ') && connections() === before) return { call: comparable(first), next: 'usable' }
  const [, message = ''] = /^[\w.]+: (.*)$/m.exec(second) ?? []
  return { call: comparable(first), next: comparable(message).slice(0, next === '' ? undefined : next.length) }
}

function failure(why: unknown): string {
  if (!(why instanceof HalibutError)) throw why
  return `${why.dotnetType}: ${why.dotnetMessage}`
}

/** A result in the words of the recordings. */
export async function describeResult(value: unknown, type: TypeNode, contract: Contract): Promise<string> {
  if (typeof value === 'string' && value.length > 1_000) return `returned ${value.length} characters`
  if (!(value instanceof DataStream)) return `returned ${type === 'void' ? 'null' : JSON.stringify(describeValue(value, type, contract))}`
  const { id, length } = value
  const content = await value.bytes()
  const sha256 = createHash('sha256').update(content).digest('hex')
  const told = { id, declared: length, received: content.length, sha256, head: content.toString('hex') }
  return `returned ${JSON.stringify({ t: 'DataStream', id, length })} content ${JSON.stringify(told)}`
}

const ordinaryCase = recordedCases.find(({ id }) => id === 'response-ordinary') as RecordedCase
const ordinaryHex = ordinaryCase.sentHex ?? ''
const ordinaryTree = decodeTree(inflateRawSync(Buffer.from(ordinaryHex, 'hex')))

/** The document of the ordinary response, with that text and perhaps another id. */
export function responseDocument(result: string, id?: string): Buffer {
  return encodeTree(
    mapStrings(ordinaryTree, text => (text === 'Hi' ? result : id !== undefined && text.startsWith('IEchoService::') ? id : text)),
  )
}

const ordinary = deflated(responseDocument('Hi'))
const huge = (): Buffer => responseDocument(bigText(200_000).repeat(100))

const identities: Readonly<Record<string, readonly Step[]>> = {
  'server-identity-two-writes': ['MX-SERVER 1.0\r\n', late, '\r\n'],
  'server-identity-no-version': ['MX-SERVER\r\n\r\n'],
  'server-identity-client': ['MX-CLIENT 1.0\r\n\r\n'],
  'server-identity-lf': ['MX-SERVER 1.0\n\n'],
}

const answersToNext: Readonly<Record<string, readonly Step[]>> = {
  'proceed-empty-lines': ['\r\n\r\nPROCEED\r\n'],
  'proceed-wrong': ['NOPE\r\n'],
  'proceed-unsolicited': [],
  'end-from-service': [],
}

const responses: Readonly<Record<string, (bytes: Buffer) => readonly Step[]>> = {
  'response-byte-by-byte': bytewise,
  'response-20MB': () => [deflated(huge())],
  'response-20MB-stored': () => [stored(huge())],
  'proceed-unsolicited': bytes => [Buffer.concat([bytes, Buffer.from('PROCEED\r\n')])],
  'end-from-service': bytes => [bytes, 'END\r\n'],
}

async function serve(peer: RawPeer, recorded: RecordedCase): Promise<void> {
  const { id } = recorded
  if (id === 'server-closes-after-tls') return peer.end()
  if (id !== 'server-identity-early') {
    await readText(peer, '\r\n\r\n')
    await readText(peer, '\r\n\r\n')
  }
  await sendSteps(peer, identities[id] ?? ['MX-SERVER 1.0\r\n\r\n'])
  if (id === 'server-identity-early') {
    await readText(peer, '\r\n\r\n')
    await readText(peer, '\r\n\r\n')
  }
  const bytes = sentBytes(recorded, () => ordinary)
  const steps = responses[id]?.(bytes) ?? [bytes]
  while ((await readFrame(peer)) !== undefined) {
    if (id === 'server-closes-after-identity') return peer.end()
    await sendSteps(peer, steps)
    if ((await readText(peer, '\r\n')) !== 'NEXT\r\n') return
    await sendSteps(peer, answersToNext[id] ?? ['PROCEED\r\n'])
  }
}

const contracts: readonly Contract[] = [calculatorService, echoService, typesService]
const arguments_: Readonly<Record<string, unknown>> = { int64: 1n, double: 1, decimal: '1', string: 'Paul' }

/** The method a recorded response answers, by its id. */
function calledBy({ sentHex = ordinaryHex }: RecordedCase): { contract: Contract; method: string; args: unknown[]; result: TypeNode } {
  const text = inflateRawSync(Buffer.from(sentHex, 'hex')).toString('latin1')
  const [, service, name] = /(I\w+)::(\w+)Async\[/.exec(text) ?? [undefined, 'IEchoService', 'SayHello']
  const contract = contracts.find(each => each.service === service)
  const method = contract?.methods.find(each => each.name === name)
  if (!contract || !method) throw new Error(`no method for ${text}`)
  const args = method.params.map(({ type }) => arguments_[typeof type === 'string' ? type : 'string'])
  return { contract, method: method.name, args, result: method.result }
}

/** A runtime that calls scripted listening agents. */
export class CallingClient implements AsyncDisposable {
  readonly #runtime: HalibutRuntime

  constructor(limits: Partial<Limits> = {}) {
    // One attempt: what fails is to be seen, not tried again.
    this.#runtime = createRuntime('client', { limits: { retryCountLimit: 1, ...limits } })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#runtime.close()
  }

  async replay(recorded: RecordedCase): Promise<CallOutcome> {
    const certificate = testIdentity('agent')
    await using listener = await listenRaw({
      certificate,
      // A client that gives up may leave in the middle of the script.
      onConnection: peer => serve(peer, recorded).catch(() => {}),
    })
    const endpoint = { uri: `https://localhost:${listener.port}/`, thumbprint: certificate.thumbprint }
    const { contract, method, args, result } = calledBy(recorded)
    const call = async (): Promise<string> => {
      const value = await this.#runtime.call({ endpoint, contract, service: contract.service, method, args })
      return describeResult(value, result, contract)
    }
    const outcome = await callTwice(recorded, call, () => listener.connections.length)
    this.#runtime.disconnect(endpoint)
    return outcome
  }

  /** What a listener sees of four calls, each on a connection of its own. */
  async tlsOfFourConnections(version: 'TLSv1.2' | 'TLSv1.3'): Promise<string> {
    const certificate = testIdentity('agent')
    await using listener = await listenRaw({
      certificate,
      minVersion: version,
      maxVersion: version,
      onConnection: async peer => {
        seen.push(this.#tlsOf(peer))
        await serve(peer, ordinaryCase).catch(() => {})
      },
    })
    const seen: object[] = []
    const endpoint = { uri: `https://localhost:${listener.port}/`, thumbprint: certificate.thumbprint }
    for (let i = 0; i < 4; i++) {
      await this.#runtime.call({ endpoint, contract: echoService, service: echoService.service, method: 'DoNothing', args: [] })
      this.#runtime.disconnect(endpoint)
    }
    return JSON.stringify(seen)
  }

  #tlsOf({ socket, peerThumbprint }: RawPeer): object {
    const thumbprintMatches = peerThumbprint === this.#runtime.thumbprint
    return {
      reused: socket.isSessionReused(),
      certificate: peerThumbprint !== undefined,
      thumbprintMatches,
      protocol: socket.getProtocol(),
    }
  }
}
