import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { expect } from 'vitest'
import { type BsonTree, decodeTree, elementAt, encodeTree, mapStrings } from './bson-tree.ts'
import type { RawPeer } from './raw-peer.ts'
import { comparable, type RecordedConnection, type RecordedEvent, type Side, streamIds } from './transcripts.ts'

/** How what is sent is cut: the sizes of the writes, one after another; `undefined` for all that is left. */
export type Cutter = () => number | undefined

export interface PlayOptions {
  /** Whose recorded bytes are sent. */
  readonly side: Side
  /** The side that calls. */
  readonly caller: Side
  readonly cut: Cutter
  /** What the runtime under test did, as it is read. */
  readonly onRead?: ((event: RecordedEvent) => void) | undefined
  readonly beforeWrite?: ((event: RecordedEvent) => Promise<unknown> | undefined) | undefined
  /** Called when only the end of the connection by the runtime under test is left to come. */
  readonly onEnding?: (() => void) | undefined
  /** A response that stands for the recorded one, which must not be sent. */
  readonly expectResponse?: ((tree: BsonTree) => void) | undefined
  /** Recorded texts for which ours are others. */
  readonly instead?: Readonly<Record<string, string>> | undefined
}

const endings = new Set(['end-of-input', 'socket-error'])

/**
 * Plays one side of a recorded connection: sends what it sent, and compares what the other side writes with what was recorded, in the
 * sense of test/vectors/README.md. Resolves, when the connection has ended, with what came beyond the recording.
 */
export async function playConnection(peer: RawPeer, connection: RecordedConnection, options: PlayOptions): Promise<Buffer> {
  const { events } = connection
  const { side } = options
  const ours = new Ours(peer, options)
  for (const [index, event] of events.entries()) {
    if (event.from !== side) {
      if (events.slice(index).every(each => endings.has(each.kind) || each.text === 'END\r\n')) options.onEnding?.()
      await ours.expect(event)
      options.onRead?.(event)
      continue
    }
    await options.beforeWrite?.(event)
    if (event.kind === 'end-of-input') peer.end()
    else if (event.kind === 'socket-error') peer.reset()
    // Whoever closes at once does not care what else we send; where something is still to come from it, reading fails.
    else await send(peer, ours.rewrite(event), options.cut).catch(() => undefined)
  }
  const left = await peer.readToEnd()
  const answered = events.findLastIndex(each => each.from !== side && !endings.has(each.kind))
  const asked = events.findLastIndex(each => each.from === side && (each.kind === 'message' || each.text === 'NEXT\r\n'))
  // Nobody recorded the answer to who has gone.
  if (answered > asked && left.length > 0)
    throw new Error(`this was written beyond the recording: ${JSON.stringify(left.toString('latin1'))}`)
  return left
}

/** The runtime under test, as it is seen from the other end of the connection. */
class Ours {
  readonly #peer: RawPeer
  readonly #options: PlayOptions
  /** The id of its last request. */
  #requestId: string | undefined
  /** The streams of its last message and of the recorded one, id to number. */
  #streams: readonly [ours: Map<string, number>, recorded: Map<string, number>] = [new Map(), new Map()]

  constructor(peer: RawPeer, options: PlayOptions) {
    this.#peer = peer
    this.#options = options
  }

  /** A recorded response answers our request. */
  rewrite(event: RecordedEvent): Buffer {
    const { tree, kind, bytes } = event
    if (kind !== 'message' || !tree) return bytes
    const id = this.#requestId
    const answers = this.#options.side !== this.#options.caller && id !== undefined
    return deflateRawSync(encodeTree(answers ? tree.map(each => withId(each, id)) : tree))
  }

  async expect(event: RecordedEvent): Promise<void> {
    const peer = this.#peer
    switch (event.kind) {
      case 'preamble':
        expect(await this.#line('\n\r\n')).toBe(event.text?.replaceAll('\n', '\r\n'))
        return
      case 'identity':
        expect(await this.#line('\r\n\r\n')).toBe(event.text)
        return
      case 'control':
        await this.#control(event)
        return
      case 'message':
      case 'null-message':
        this.#message(event, decodeTree(await readInflated(peer)))
        return
      case 'stream-header':
        this.#header(event, await peer.readExactly(24))
        return
      case 'end-of-input': {
        expect((await peer.readToEnd()).toString('latin1')).toBe('')
        return
      }
      case 'socket-error':
        expect(await peer.closed).toMatchObject({ code: 'ECONNRESET' })
        return
      default:
        // Content, trailer, page, and whatever else is compared byte by byte.
        expect((await peer.readExactly(event.bytes.length)).toString('hex')).toBe(event.bytes.toString('hex'))
    }
  }

  async #line(end: string): Promise<string> {
    return (await this.#peer.readUntil(end)).toString('latin1')
  }

  /** A polling service that is disposed ends its connection with END or without: both are recorded (`polling-idle`, `polling-two-calls-idle-end`). */
  async #control({ text = '' }: RecordedEvent): Promise<void> {
    const peer = this.#peer
    const { side, caller } = this.#options
    const pollingService = side === caller && side === 'acceptor'
    if (text === 'END\r\n' && pollingService) {
      expect(['', text]).toContain((await peer.readToEnd()).toString('latin1'))
      return
    }
    expect(await this.#line('\r\n')).toBe(text)
  }

  #message(event: RecordedEvent, tree: BsonTree): void {
    const { side, caller, instead = {} } = this.#options
    const recorded = mapStrings(event.tree ?? [], text => instead[text] ?? text)
    const requests = side !== caller
    const answer = requests ? undefined : this.#options.expectResponse
    if (answer) answer(tree)
    else expect(comparable(tree, !requests)).toEqual(comparable(recorded, !requests))
    this.#streams = [streamIds(tree), streamIds(recorded)]
    if (requests && event.kind === 'message') this.#requestId = elementAt(tree, 'Message', 'id')[2] as string
  }

  #header(event: RecordedEvent, header: Buffer): void {
    const [ours, recorded] = this.#streams
    const number = (ids: Map<string, number>, bytes: Buffer) => ids.get(`1000000004${bytes.toString('hex', 0, 16)}`)
    expect(number(ours, header)).toBeTypeOf('number')
    expect({ stream: number(ours, header), length: header.readBigInt64LE(16) }).toEqual({
      stream: number(recorded, event.bytes),
      length: event.bytes.readBigInt64LE(16),
    })
  }
}

function withId(element: BsonTree[number], id: string): BsonTree[number] {
  const [type, name, value] = element
  if (name === 'Message' && Array.isArray(value)) return [type, name, (value as BsonTree).map(each => withId(each, id))]
  return name === 'id' && typeof value === 'string' ? [type, name, id] : element
}

async function send(peer: RawPeer, bytes: Buffer, cut: Cutter): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const piece = bytes.subarray(at, at + (cut() ?? bytes.length))
    at += piece.length
    await peer.write(piece)
  }
}

/** The next message of the peer, inflated. */
export async function readInflated(peer: RawPeer): Promise<Buffer> {
  const frame = await peer.readUntil(unread => {
    try {
      return (inflateRawSync(unread, { info: true }) as unknown as { engine: { bytesWritten: number } }).engine.bytesWritten
    } catch {
      return false
    }
  })
  return inflateRawSync(frame)
}
