import { readFileSync } from 'node:fs'
import { frameHeaderBytes, readFrameHeader, writeFrameHeader } from '@halibut-gateway/schemas/wire'
import { expect } from 'vitest'
import { flowService, hostFlowService, type WaitingCall } from './flow-service.ts'
import type { TestSocket } from './gateway.ts'
import { createRealGateway, type RealGateway } from './real-gateway.ts'

/** A flow of PROTOCOL.md. */
export interface Flow {
  readonly title: string
  readonly lines: readonly string[]
}

/** The flows of PROTOCOL.md, in their order. */
export function readFlows(): Flow[] {
  const document = readFileSync(new URL('../../schemas/PROTOCOL.md', import.meta.url), 'utf8')
  const found = [...document.matchAll(/^### (Flow \d+: .+)\n\n```flow\n([\s\S]*?)\n```/gm)]
  return found.map(([, title = '', text = '']) => ({ title, lines: text.split('\n') }))
}

/** Walks a flow over a bare WebSocket to a real gateway and a real agent. */
export async function walkFlow(flow: Flow): Promise<void> {
  const waiting: WaitingCall[] = []
  let begun = (): void => undefined
  await using gateway = await createRealGateway({
    host: agent =>
      hostFlowService(agent, call => {
        waiting.push(call)
        begun()
      }),
    contracts: [flowService],
  })
  const world: Readonly<Record<string, () => void | Promise<void>>> = {
    'the agent web-1 falls silent': () => gateway.directory.report('web-1', { type: 'missed', why: 'it did not answer' }),
    'the agent has begun': async () => {
      while (waiting.length === 0) {
        await new Promise<void>(resolve => {
          begun = resolve
        })
      }
    },
    'the agent notices the end of its connection': async () => {
      const { signal } = waiting.shift() ?? {}
      if (signal && !signal.aborted) await new Promise(resolve => signal.addEventListener('abort', resolve))
    },
    'the agent finishes, and nothing came of its connection': () => {
      const call = waiting.shift()
      expect(call?.signal.aborted).toBe(false)
      call?.finish()
    },
  }
  const walker = new Walker(gateway)
  for (const line of flow.lines) {
    const step = line.startsWith('world: ') ? world[line.slice('world: '.length)] : () => walker.walk(line)
    if (!step) throw new Error(`the world cannot do this: ${line}`)
    await step()
  }
}

class Walker {
  readonly #gateway: RealGateway
  readonly #names = new Map<string, unknown>()
  readonly #content = new Map<number, { bytes: Buffer; offset: number }>()
  #socket: TestSocket | undefined
  #came = (): void => undefined

  constructor(gateway: RealGateway) {
    this.#gateway = gateway
  }

  async walk(line: string): Promise<void> {
    const [, verb = '', rest = ''] = /^(open|lost|close|>>|<<|>|<)(?: (.*))?$/.exec(line) ?? []
    switch (verb) {
      case 'open': {
        this.#socket = await this.#gateway.socket()
        this.#content.clear()
        this.#socket.onBinary = frame => this.#receive(frame)
        return
      }
      case 'lost': {
        this.#open.socket.terminate()
        await this.#open.closed
        return
      }
      case 'close': {
        this.#open.socket.close(Number(rest))
        await this.#open.closed
        return
      }
      case '>':
        return this.#open.send(rest.startsWith('{"jsonrpc"') ? this.#named(rest) : rest)
      case '>>':
        return this.#sendContent(rest)
      case '<<':
        return this.#expectContent(rest)
      case '<':
        if (rest.startsWith('close ')) expect((await this.#open.closed).code).toBe(Number(rest.slice('close '.length)))
        else {
          const got = await this.#open.next()
          this.#expect(JSON.parse(rest), got, `${line}\n${JSON.stringify(got)}`)
        }
        return
      default:
        throw new Error(`this line says nothing: ${line}`)
    }
  }

  get #open(): TestSocket {
    if (!this.#socket) throw new Error('a flow begins with open')
    return this.#socket
  }

  /** Values in the place of their names. */
  #named(text: string): string {
    return text.replaceAll(/"(<[^>"]+>)"/g, (quoted, name: string) =>
      this.#names.has(name) ? JSON.stringify(this.#names.get(name)) : quoted,
    )
  }

  /** What is expected must be there; more may be. */
  #expect(expected: unknown, got: unknown, line: string): void {
    if (expected === '<any>') expect(got, line).toBeDefined()
    else if (typeof expected === 'string' && /^<.+>$/.test(expected)) {
      if (!this.#names.has(expected)) this.#names.set(expected, got)
      expect(got, line).toBeTypeOf('string')
      expect(got, line).toEqual(this.#names.get(expected))
    } else if (typeof expected !== 'object' || expected === null) expect(got, line).toEqual(expected)
    else {
      expect(got, line).toBeTypeOf('object')
      if (Array.isArray(expected)) expect(got, line).toHaveLength(expected.length)
      for (const [key, each] of Object.entries(expected)) this.#expect(each, (got as Record<string, unknown>)[key], `${line}\n${key}`)
    }
  }

  #sendContent(rest: string): void {
    const [, stream = '', offset = '', text = ''] = /^(\d+) (\d+) (".*")$/.exec(rest) ?? []
    const content = Buffer.from(String(JSON.parse(text)))
    const frame = Buffer.alloc(frameHeaderBytes + content.byteLength)
    writeFrameHeader(frame, Number(stream), Number(offset))
    content.copy(frame, frameHeaderBytes)
    this.#open.socket.send(frame)
  }

  async #expectContent(rest: string): Promise<void> {
    const [, stream = '', offset = '', text, some, count] = /^(\d+) (\d+) (?:(".*")|(some )?(\d+) bytes)$/.exec(rest) ?? []
    const expected = text === undefined ? Buffer.alloc(Number(count)) : Buffer.from(String(JSON.parse(text)))
    const id = Number(stream)
    const end = Number(offset) + expected.byteLength
    const enough = (): boolean => {
      const come = this.#content.get(id)
      return come !== undefined && come.offset + come.bytes.byteLength >= end
    }
    while (!enough()) {
      await new Promise<void>(resolve => {
        this.#came = resolve
      })
    }
    const come = this.#content.get(id)
    expect(come?.offset, rest).toBe(Number(offset))
    if (some === undefined) expect(come?.bytes.equals(expected), rest).toBe(true)
    else expect(come?.bytes.byteLength, rest).toBe(expected.byteLength)
    this.#content.delete(id)
  }

  #receive(frame: Buffer): void {
    const header = readFrameHeader(frame)
    if (!header) throw new Error('a frame that is none')
    const come = this.#content.get(header.stream)
    const content = frame.subarray(frameHeaderBytes)
    if (come) expect(header.offset).toBe(come.offset + come.bytes.byteLength)
    this.#content.set(header.stream, {
      offset: come?.offset ?? header.offset,
      bytes: come ? Buffer.concat([come.bytes, content]) : content,
    })
    this.#came()
  }
}
