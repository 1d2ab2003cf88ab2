import { HalibutError } from '../../server/src/base/errors.ts'
import type { Limits } from '../../server/src/base/limits.ts'
import type { LogEvent } from '../../server/src/runtime/event-log.ts'
import type { HalibutRuntime } from '../../server/src/runtime/runtime.ts'
import { type BsonTree, elementAt } from './bson-tree.ts'
import { type CallerRecipe, callerRecipe, sayHello } from './caller-recipes.ts'
import { testIdentity } from './certificates.ts'
import { deflated } from './deflate-forms.ts'
import { dialRaw, type RawPeer } from './raw-peer.ts'
import { comparable, messageMembers, type RecordedCase, typedJson } from './recorded-cases.ts'
import { addSampleServices } from './sample-services.ts'
import { readFrame, readText, sendSteps } from './send-steps.ts'
import { collectLog, createRuntime } from './world.ts'

/** What became of a scripted caller’s exchange with a listening service. */
export interface CallerOutcome {
  readonly answers: readonly string[]
  /** Why the service ended the connection, as its log tells. */
  readonly reason: string | undefined
  readonly after: 'usable' | 'closed'
}

const unreadable = 'the message could not be read'
const timedOut = 'a time-out'
const turnedAway = 'turned away'

/** What the recording says, in comparable form. */
export function recordedCallerOutcome(recorded: RecordedCase): CallerOutcome {
  const { observed, how, connectionAfter = '', group } = recorded
  const [, texts = '', log] = /^(.*?)(?:;? ?service log: (.*)|; no error logged)?$/s.exec(observed) ?? []
  const closed = how === 'connection-closed' || how === 'no-answer' || connectionAfter.startsWith('closed')
  // The reference loses step where the end of a large message is read apart from the rest; we do not.
  const keepsStep = group === 'large messages' && texts === 'result returned'
  if (texts === 'closed:end') return { answers: [], reason: turnedAway, after: 'closed' }
  return {
    answers: texts === '' || texts.startsWith('connection end') ? [] : texts.split('; then PROCEED and ').map(plain),
    reason: log && recordedReason(log),
    after: closed && !keepsStep ? 'closed' : 'usable',
  }
}

function plain(answer: string): string {
  return comparable(answer.replace(/^result "(.*)"$/s, 'result $1').replace(/("Main":\{"id":\{"binary":")\w+/, '$1'))
}

function recordedReason(log: string): string {
  const [, type = '', message = ''] = /^([\w.]+)(?: \(\d+\))?: (.*)$/s.exec(log) ?? []
  if (type === 'System.Net.Sockets.SocketException' || type === 'System.OperationCanceledException') return timedOut
  const exact = /^(Halibut\.Transport\.Protocol\.ProtocolException|System\.Exception|System\.IO\.\w+)$/.test(type)
  return exact ? comparable(message) : unreadable
}

/** A runtime that listens with the sample services. */
export class ListeningTarget implements AsyncDisposable {
  readonly #runtime: HalibutRuntime
  readonly #log: LogEvent[]
  readonly #port: number

  private constructor(runtime: HalibutRuntime, port: number) {
    this.#runtime = runtime
    this.#log = collectLog(runtime)
    this.#port = port
  }

  static async start(limits: Partial<Limits> = {}): Promise<ListeningTarget> {
    const runtime = createRuntime('service', { trust: [testIdentity('caller').thumbprint], corlib: 'System.Private.CoreLib', limits })
    addSampleServices((contract, implementation, options) => runtime.addService(contract, implementation, options))
    return new ListeningTarget(runtime, (await runtime.listen()).port)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#runtime.close()
  }

  async replay(recorded: RecordedCase): Promise<CallerOutcome> {
    const recipe = callerRecipe(recorded)
    this.#log.length = 0
    await using peer = await this.#dial(recipe)
    const gone = this.#goneOf(peer)
    const answers: string[] = []
    const after = await this.#converse(peer, recipe, recorded, answers)
    await peer.readToEnd()
    await gone
    return { answers, reason: this.#reason(recordedCallerOutcome(recorded).reason === unreadable), after }
  }

  #dial({ dial }: CallerRecipe): Promise<RawPeer> {
    if (dial === 'no certificate') return dialRaw(this.#port)
    if (dial === 'untrusted') return dialRaw(this.#port, { certificate: testIdentity('stranger') })
    return dialRaw(this.#port, { certificate: testIdentity('caller'), ...dial })
  }

  /** Resolves when the runtime has done with that connection, and logged what there was to log. */
  #goneOf(peer: RawPeer): Promise<void> {
    const end = `:${peer.socket.localPort}`
    return new Promise(resolve => {
      const stop = this.#runtime.on('connectionClosed', ({ remoteAddress }) => {
        if (!remoteAddress.endsWith(end)) return
        stop()
        resolve()
      })
    })
  }

  async #converse(peer: RawPeer, recipe: CallerRecipe, recorded: RecordedCase, answers: string[]): Promise<CallerOutcome['after']> {
    await sendSteps(peer, recipe.opening)
    if (recipe.endsInput === 'after opening') peer.end()
    const identity = await readText(peer, '\r\n\r\n')
    if (identity !== 'MX-SERVER 1.0\r\n\r\n') {
      if (identity !== '') answers.push(`identity answer: ${identity.slice(0, identity.indexOf('\r\n'))}`)
      return 'closed'
    }
    await sendSteps(peer, recipe.request).catch(() => {})
    if (recipe.endsInput === 'after request') peer.end()
    const expected = recordedCallerOutcome(recorded).answers.length
    for (let first = true; first || answers.length < expected; first = false) {
      if (!first && (await readText(peer, '\r\n')) !== 'PROCEED\r\n') return 'closed'
      const document = await readFrame(peer)
      if (document === undefined) return 'closed'
      answers.push(this.#answer(document, recorded, first ? recipe.name : undefined) + (await sectionOf(peer, recorded)))
      if (first) await sendSteps(peer, recipe.afterFirst)
    }
    await sendSteps(peer, recipe.word)
    if ((await readText(peer, '\r\n')) !== 'PROCEED\r\n') return 'closed'
    await peer.write(deflated(sayHello('Paul')))
    const document = await readFrame(peer)
    if (document === undefined || messageMembers(document).get('result')?.[1] !== 'Paul...') return 'closed'
    await peer.write('END\r\n')
    return 'usable'
  }

  #answer(document: Buffer, { observed }: RecordedCase, name: string | undefined): string {
    const message = messageMembers(document)
    const [errorType, error] = message.get('error') ?? []
    if (errorType === 0x03) {
      const [, , type] = elementAt(error as BsonTree, 'HalibutErrorType')
      const [, , text] = elementAt(error as BsonTree, 'message')
      return comparable(`${typeof type === 'string' ? type : 'no type'}: ${text}`)
    }
    const [type, result] = message.get('result') ?? []
    if (type === undefined || result === undefined) throw new Error('neither error nor result')
    if (name !== undefined) return result === `${name}...` ? 'result returned' : 'another result'
    const [, , member] = /^(\w+) = (.*) in the echoed object$/s.exec(observed) ?? []
    if (member !== undefined) {
      const path = observed.slice(0, observed.indexOf(' = '))
      const [memberType, , value] = elementAt(result as BsonTree, path)
      return `${path} = ${typedJson(memberType, value)} in the echoed object`
    }
    return plain(`result ${typeof result === 'string' ? result : typedJson(type, result)}`)
  }

  #reason(isUnreadable: boolean): string | undefined {
    const denied = this.#log.find(({ type }) => type === 'ClientDenied')
    if (denied) return turnedAway
    const { error, message } = this.#log.findLast(({ type }) => type === 'Error' || type === 'ErrorInInitialisation') ?? {}
    if (message === undefined) return undefined
    if (error instanceof HalibutError && error.kind === 'io_timeout') return timedOut
    if (isUnreadable && error instanceof HalibutError && /^(protocol_error|serialization_failed)$/.test(error.kind)) return unreadable
    return comparable(error instanceof HalibutError ? error.dotnetMessage : message)
  }
}

/** The data stream after a response that has one. */
async function sectionOf(peer: RawPeer, { observed }: RecordedCase): Promise<string> {
  const [, content = ''] = /; section content (.*)$/.exec(observed) ?? []
  if (content === '') return ''
  const section = await peer.readExactly(24 + content.length + 8)
  return `; section content ${section.toString('latin1', 24, 24 + content.length)}`
}
